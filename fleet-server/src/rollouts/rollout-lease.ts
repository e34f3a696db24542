import type { LeaseStore } from '../store/port.ts';

const NAME = 'rollouts';
export const LEASE_LIFE_MS = 10_000;
/** It is renewed after this share of its life, and counts as lost as long before its end. */
const SHARE = 0.3;

export interface RolloutLeaseDeps {
  readonly leases: LeaseStore;
  /** Of this process, unlike any other. */
  readonly owner: string;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly lifeMs: number;
}

/** Of several servers one performs rollouts. */
export interface RolloutLease {
  /** How often to hold it, to keep it. */
  readonly renewMs: number;
  /** Takes or renews it where that is due. @returns `taken` the first time, undefined while another one has it */
  hold(): Promise<'taken' | 'held' | undefined>;
  /** By the clock that never jumps, counted from before it was asked for. */
  isHeld(): boolean;
  release(): Promise<void>;
}

export function createRolloutLease(deps: RolloutLeaseDeps): RolloutLease {
  const { leases, owner, nowMs, monotonicMs, lifeMs } = deps;
  const renewMs = lifeMs * SHARE;
  let sinceMs = Number.NEGATIVE_INFINITY;
  const ageMs = (): number => monotonicMs() - sinceMs;
  return {
    renewMs,
    hold: async () => {
      const wasHeld = ageMs() < lifeMs - renewMs;
      if (ageMs() < renewMs) return 'held';
      const askedMs = monotonicMs();
      if (!(await leases.take(NAME, owner, nowMs(), lifeMs))) {
        sinceMs = Number.NEGATIVE_INFINITY;
        return undefined;
      }
      sinceMs = askedMs;
      return wasHeld ? 'held' : 'taken';
    },
    isHeld: () => ageMs() < lifeMs - renewMs,
    release: async () => {
      sinceMs = Number.NEGATIVE_INFINITY;
      await leases.release(NAME, owner);
    },
  };
}
