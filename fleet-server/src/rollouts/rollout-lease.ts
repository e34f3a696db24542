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
  /** Takes or renews it where that is due. @returns false while another one has it */
  hold(): Promise<boolean>;
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
      if (ageMs() < renewMs) return true;
      const askedMs = monotonicMs();
      const isTaken = await leases.take(NAME, owner, nowMs(), lifeMs);
      sinceMs = isTaken ? askedMs : Number.NEGATIVE_INFINITY;
      return isTaken;
    },
    isHeld: () => ageMs() < lifeMs - renewMs,
    release: async () => {
      sinceMs = Number.NEGATIVE_INFINITY;
      await leases.release(NAME, owner);
    },
  };
}
