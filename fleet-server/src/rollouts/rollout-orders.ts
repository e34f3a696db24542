import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { Hold, Member, RolloutSnapshot } from './rollout-snapshot.ts';
import {
  awaitsRetry,
  hasSucceeded,
  isDownloading,
  isInWork,
  isRestoring,
  isWaiting,
  retriesAtMs,
} from './rollout-tally.ts';

const MINUTE_MS = 60_000;

export interface OrderChoice {
  /** Who is given an order now. */
  readonly chosen: readonly Member[];
  readonly held: ReadonlyMap<Hold, readonly string[]>;
}

type Candidates = Pick<RolloutSnapshot, 'members' | 'policy' | 'otherInWork'>;

/**
 * Chooses who is ordered now. An offline device never is: what lies in wait for it could start after the rollout was
 * paused, and no budget would know of it.
 * @param groups whose devices have their turn
 */
export function chooseOrders(snapshot: Candidates, groups: ReadonlySet<number>, nowMs: number): OrderChoice {
  const { members, policy } = snapshot;
  const waiting = members.filter((it) => isWaiting(it, policy));
  return choose(snapshot, waiting, nowMs, (member) => {
    if (!groups.has(member.group)) return 'not_its_turn';
    const hold = findHold(member);
    if (hold !== undefined) return hold;
    if (member.windowOpensAtMs !== undefined) return 'window';
    return awaitsRetry(member, policy) && nowMs < retriesAtMs(member) ? 'retry_delay' : undefined;
  });
}

/** Chooses who is sent back now, among those that are to be. No window keeps a device on a model that is taken back. */
export function chooseRestores(snapshot: Candidates, wanted: readonly Member[], nowMs: number): OrderChoice {
  return choose(snapshot, wanted, nowMs, (member) => {
    const { restore } = member;
    const isLater = restore !== undefined && nowMs < retriesAtMs(restore);
    return findHold(member) ?? (isLater ? 'retry_delay' : undefined);
  });
}

/** @param findOwnHold what keeps a device back whatever the others do */
function choose(
  snapshot: Candidates,
  candidates: readonly Member[],
  nowMs: number,
  findOwnHold: (member: Member) => Hold | undefined,
): OrderChoice {
  const room = openRoom(snapshot, nowMs);
  const chosen: Member[] = [];
  const held = new Map<Hold, string[]>();
  for (const member of candidates) {
    const hold = findOwnHold(member) ?? room.take(member);
    if (hold === undefined) chosen.push(member);
    else keep(held, hold, member.deviceId);
  }
  return { chosen, held };
}

function keep(held: Map<Hold, string[]>, hold: Hold, deviceId: string): void {
  const ids = held.get(hold);
  if (ids === undefined) held.set(hold, [deviceId]);
  else ids.push(deviceId);
}

function findHold({ isConnected, takenBy }: Member): Hold | undefined {
  if (!isConnected) return 'offline';
  return takenBy === undefined ? undefined : 'other_rollout';
}

/** A device that was sent back while it worked is disturbed once. */
const isDisturbed = (member: Member): boolean => isInWork(member) || isRestoring(member);
const isFetching = (member: Member): boolean =>
  isDownloading(member) || (member.restore !== undefined && isDownloading(member.restore));

/** What the policy leaves room for, less with every device that takes of it. */
function openRoom(
  { members, policy, otherInWork }: Candidates,
  nowMs: number,
): { take(member: Member): Hold | undefined } {
  const isRecent = ({ orderedAtMs = -Infinity, restore }: Member): boolean =>
    nowMs - Math.max(orderedAtMs, restore?.orderedAtMs ?? -Infinity) < MINUTE_MS;
  let orders =
    computeRate(policy.rate, members.filter(hasSucceeded).length) - members.filter(isRecent).length;
  let downloads = policy.maxParallelDownloads - members.filter(isFetching).length;
  const inWork = new Map(otherInWork);
  const budget = policy.disruptionBudget?.maxUnavailable ?? Number.POSITIVE_INFINITY;
  const occupy = ({ budgetKey = '' }: Member): void => {
    inWork.set(budgetKey, (inWork.get(budgetKey) ?? 0) + 1);
  };
  for (const member of members.filter(isDisturbed)) occupy(member);

  return {
    take: (member) => {
      const isNew = !isDisturbed(member);
      if (isNew && (inWork.get(member.budgetKey ?? '') ?? 0) >= budget) return 'disruption_budget';
      const fetches = isFetching(member) ? 0 : 1;
      if (downloads < fetches) return 'parallel_downloads';
      if (orders <= 0) return 'rate';
      orders -= 1;
      downloads -= fetches;
      if (isNew) occupy(member);
      return undefined;
    },
  };
}

/**
 * Devices a minute: `base` at first, times `increment` each time as many more succeeded as the rate was then (the
 * exponential rate of AWS IoT Jobs). After n successes that happened k times, where n = base (increment^k - 1) /
 * (increment - 1).
 */
export function computeRate({ base, increment, max }: RolloutPolicy['rate'], succeeded: number): number {
  if (increment <= 1) return Math.min(base, max);
  const times = Math.floor(Math.log1p((succeeded * (increment - 1)) / base) / Math.log(increment) + 1e-9);
  return Math.min(max, Math.floor(base * increment ** times));
}
