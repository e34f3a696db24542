import type { FaultWorld } from '../../support/fault-world.ts';

/** What a fault leaves under way. */
export interface Aftermath {
  /** A deployment that must come to an end, whichever. */
  readonly deploymentId?: string;
  /** The ends it may come to; default: any. */
  readonly ends?: readonly string[];
}

export type WorldKind = 'plain' | 'tls';

/** One thing that goes wrong for real. */
export interface Fault {
  readonly family: string;
  readonly name: string;
  /** Default: `plain`, a fleet without TLS. */
  readonly world?: WorldKind;
  /**
   * Makes it happen; resolves when it is over and recovery begins. Rejects when it could not be made to happen, or the
   * box bore it in a way it must not: a fault that did not strike proves nothing.
   */
  readonly mount: (world: FaultWorld) => Promise<Aftermath>;
}

export type FaultPlan = Omit<Fault, 'family'>;

export function createFamily(
  family: string,
  plans: readonly FaultPlan[],
  world: WorldKind = 'plain',
): readonly Fault[] {
  return plans.map((plan) => ({ family, world, ...plan }));
}

export const titleOf = ({ family, name }: Fault): string => `${family}: ${name}`;
