import type { RolloutMember, RolloutRecord, RolloutStore } from '../store/port.ts';
import { type LiveRollout, stateOf } from './live-rollout.ts';
import { goesBefore, outlasts } from './rollout-overlap.ts';
import { BROUGHT, hasSucceeded } from './rollout-tally.ts';

/** By rollout, then by device: the name of the finished rollout that has been there, and goes first. */
export type Outlasted = ReadonlyMap<string, ReadonlyMap<string, string>>;

type Finished = Pick<RolloutStore, 'finishedSince' | 'whoStands'>;

/** Reads no more than speaks of devices that may still be ordered. @throws AppError STORE_FAILED */
export async function readOutlasted(store: Finished, active: readonly LiveRollout[]): Promise<Outlasted> {
  const ordering = active.filter(({ rollout: { state } }) => state === 'running' || state === 'scheduled');
  const outlasted = new Map<string, ReadonlyMap<string, string>>();
  if (ordering.length === 0) return outlasted;
  const sinceMs = Math.min(...ordering.map(({ rollout }) => rollout.createdAtMs));
  const finished = [...(await store.finishedSince(sinceMs))].sort((one, other) =>
    goesBefore(one, other) ? -1 : 1,
  );
  for (const own of ordering) {
    const first = finished.filter((it) => outlasts(it, own.rollout));
    outlasted.set(own.rollout.id, await readDevices(store, own, first));
  }
  return outlasted;
}

async function readDevices(
  store: Finished,
  { members }: LiveRollout,
  finished: readonly RolloutRecord[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const open = new Set([...members.values()].filter(mayBeOrdered).map(({ deviceId }) => deviceId));
  for (const { id, name } of finished) {
    if (open.size === 0) break;
    for (const deviceId of await store.whoStands(id, [...open], BROUGHT)) {
      found.set(deviceId, name);
      open.delete(deviceId);
    }
  }
  return found;
}

const mayBeOrdered = (member: RolloutMember): boolean =>
  member.end === undefined && !hasSucceeded({ state: stateOf(member) });
