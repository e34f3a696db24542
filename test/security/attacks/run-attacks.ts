import { setTimeout as delay } from 'node:timers/promises';
import type { Attack } from './attack.ts';

export interface Outcome {
  readonly family: string;
  readonly name: string;
  readonly attack: 'rejected' | 'ACCEPTED' | 'BROKEN';
  readonly twin: 'accepted' | 'REFUSED' | 'BROKEN';
  /** What went wrong with what is broken. */
  readonly problem?: string;
}

export interface Totals {
  readonly attacks: number;
  readonly rejected: number;
  readonly twins: number;
  readonly twinsAccepted: number;
}

const LIMIT_MS = 20_000;

/** The honest twin first: a world that refuses everything proves nothing. */
export async function runAttack({ family, name, attack, honestTwin }: Attack): Promise<Outcome> {
  const twin = await settle(honestTwin);
  const mounted = await settle(attack);
  const problem = [twin, mounted].flatMap((it) => (it.kind === 'broken' ? [it.problem] : [])).join('; ');
  return {
    family,
    name,
    attack: mounted.kind === 'broken' ? 'BROKEN' : mounted.value,
    twin: twin.kind === 'broken' ? 'BROKEN' : twin.value,
    ...(problem !== '' && { problem }),
  };
}

type Settled<T> =
  | { readonly kind: 'told'; readonly value: T }
  | { readonly kind: 'broken'; readonly problem: string };

async function settle<T>(flow: () => Promise<T>): Promise<Settled<T>> {
  const limit = new AbortController();
  const late = delay(LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`no answer within ${LIMIT_MS} ms`);
  });
  late.catch(() => undefined);
  try {
    return { kind: 'told', value: await Promise.race([flow(), late]) };
  } catch (error) {
    return { kind: 'broken', problem: error instanceof Error ? error.message : String(error) };
  } finally {
    limit.abort();
  }
}

export function countOutcomes(outcomes: readonly Outcome[]): Totals {
  return {
    attacks: outcomes.length,
    rejected: outcomes.filter(({ attack }) => attack === 'rejected').length,
    twins: outcomes.length,
    twinsAccepted: outcomes.filter(({ twin }) => twin === 'accepted').length,
  };
}

export const isSafe = ({ attacks, rejected, twinsAccepted }: Totals): boolean =>
  attacks > 0 && rejected === attacks && twinsAccepted === attacks;

export function formatOutcome({ family, name, attack, twin, problem }: Outcome): string {
  const reason = problem === undefined ? '' : ` (${problem})`;
  return `${attack.padEnd(8)}  ${family}: ${name}  [honest twin ${twin}]${reason}`;
}
