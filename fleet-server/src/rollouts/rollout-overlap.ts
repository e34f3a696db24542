import type { RolloutRecord } from '../store/port.ts';
import { hasInWork, type LiveRollout, stateOf } from './live-rollout.ts';
import { BROUGHT, isWaitingForQuiet } from './rollout-tally.ts';

/** What other rollouts are to a device of this one. */
export interface Claim {
  /** It has the device in work, or goes first. */
  readonly takenBy?: string;
  /** It goes first, and has brought its bundle. */
  readonly outrankedBy?: string;
}

type Rank = Pick<RolloutRecord, 'id' | 'priority' | 'createdAtMs'>;

/** The higher priority goes first; of equals the one made later: it says what people want now. */
export function goesBefore(one: Rank, other: Rank): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority;
  if (one.createdAtMs !== other.createdAtMs) return one.createdAtMs > other.createdAtMs;
  return one.id > other.id;
}

/** A finished rollout still goes before those made until it was over; in what people want since it has no say. */
export function outlasts(finished: RolloutRecord, own: RolloutRecord): boolean {
  return goesBefore(finished, own) && (finished.endedAtMs ?? 0) > own.createdAtMs;
}

/**
 * @param others rollouts under way, this one left out
 * @param outlasting names of the finished rollouts that have been there, and go first, by device
 */
export function findClaims(
  own: LiveRollout,
  others: readonly LiveRollout[],
  outlasting: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, Claim> {
  const claims = new Map(
    Array.from(outlasting, ([id, outrankedBy]): [string, Claim] => [id, { outrankedBy }]),
  );
  for (const other of others) {
    const isFirst = goesBefore(other.rollout, own.rollout);
    for (const [deviceId, member] of other.members) {
      if (!own.members.has(deviceId)) continue;
      const claim = findClaim(other, member, isFirst);
      if (claim !== undefined) claims.set(deviceId, { ...claims.get(deviceId), ...claim });
    }
  }
  return claims;
}

type Member = LiveRollout['members'] extends ReadonlyMap<string, infer M> ? M : never;

function findClaim({ rollout }: LiveRollout, member: Member, isFirst: boolean): Claim | undefined {
  const state = stateOf(member);
  // What only waits gives way to a rollout that goes before it: the device takes the newer order.
  const isWaiting = isWaitingForQuiet({ state }) && member.restoreAttempts === 0;
  if (hasInWork(member) && (isFirst || !isWaiting)) return { takenBy: rollout.name };
  if (!isFirst) return undefined;
  const isComing = rollout.state === 'running' || rollout.state === 'finished';
  // What is only kept keeps nobody away.
  if (isComing && BROUGHT.includes(state)) return { outrankedBy: rollout.name };
  return rollout.state === 'running' && state === 'pending' ? { takenBy: rollout.name } : undefined;
}

/** Devices of other rollouts in work, by what the budget of this one groups by. */
export function countOthersInWork(
  others: readonly LiveRollout[],
  keyOf: (deviceId: string) => string | undefined,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const devices = new Set(
    others.flatMap(({ members }) => [...members.values()].filter(hasInWork).map(({ deviceId }) => deviceId)),
  );
  for (const deviceId of devices) {
    const key = keyOf(deviceId) ?? '';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
