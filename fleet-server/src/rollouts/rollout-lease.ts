import type { LeaseStore } from '../store/port.ts';

const NAME = 'rollouts';
export const LEASE_LIFE_MS = 10_000;
/** It is renewed so often, and counts as lost so long before it is. */
export const LEASE_RENEW_MS = 3_000;
const MARGIN_MS = 3_000;

export interface RolloutLeaseDeps {
  readonly leases: LeaseStore;
  /** Of this process, unlike any other. */
  readonly owner: string;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** Of several servers one performs rollouts. */
export interface RolloutLease {
  /** Takes or renews it where that is due. @returns `taken` the first time, undefined while another one has it */
  hold(): Promise<'taken' | 'held' | undefined>;
  /** By the clock that never jumps, counted from before it was asked for. */
  isHeld(): boolean;
  release(): Promise<void>;
}

export function createRolloutLease({ leases, owner, nowMs, monotonicMs }: RolloutLeaseDeps): RolloutLease {
  let sinceMs = Number.NEGATIVE_INFINITY;
  const ageMs = (): number => monotonicMs() - sinceMs;
  return {
    hold: async () => {
      const wasHeld = ageMs() < LEASE_LIFE_MS - MARGIN_MS;
      if (ageMs() < LEASE_RENEW_MS) return 'held';
      const askedMs = monotonicMs();
      if (!(await leases.take(NAME, owner, nowMs(), LEASE_LIFE_MS))) {
        sinceMs = Number.NEGATIVE_INFINITY;
        return undefined;
      }
      sinceMs = askedMs;
      return wasHeld ? 'held' : 'taken';
    },
    isHeld: () => ageMs() < LEASE_LIFE_MS - MARGIN_MS,
    release: async () => {
      sinceMs = Number.NEGATIVE_INFINITY;
      await leases.release(NAME, owner);
    },
  };
}
