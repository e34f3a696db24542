import type { RolloutRecord, RolloutStanding, RolloutStore } from '../store/port.ts';
import { ACTIVE_STATES } from './live-rollout.ts';

/** Rollouts that are over whose counts are remembered. */
const MAX_REMEMBERED = 1_000;

/** How the devices of a rollout stand; of one that is over it is counted once. */
export type StandingCounts = (rollout: RolloutRecord) => Promise<readonly RolloutStanding[]>;

export function createStandingCounts(store: Pick<RolloutStore, 'standings'>): StandingCounts {
  const remembered = new Map<string, readonly RolloutStanding[]>();
  return async ({ id, state, revision }) => {
    if (ACTIVE_STATES.includes(state)) return store.standings(id);
    const key = `${id} ${revision}`;
    const counts = remembered.get(key) ?? (await store.standings(id));
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, counts);
    return counts;
  };
}
