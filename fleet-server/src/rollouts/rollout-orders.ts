import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { Hold, Member, RolloutSnapshot } from './rollout-snapshot.ts';
import { hasSucceeded, isDownloading, isInWork, isWaiting } from './rollout-tally.ts';

const MINUTE_MS = 60_000;

export interface OrderChoice {
  /** Who is given an order now. */
  readonly chosen: readonly Member[];
  readonly held: ReadonlyMap<Hold, readonly string[]>;
}

/**
 * Chooses who is ordered now. An offline device never is: what lies in wait for it could start after the rollout was
 * paused, and no budget would know of it.
 * @param groups whose devices have their turn
 */
export function chooseOrders(
  { members, policy, otherInWork }: RolloutSnapshot,
  groups: ReadonlySet<number>,
  nowMs: number,
): OrderChoice {
  const room = openRoom(members, policy, otherInWork, nowMs);
  const chosen: Member[] = [];
  const held = new Map<Hold, string[]>();
  for (const member of members.filter((it) => isWaiting(it, policy))) {
    const hold = findHold(member, groups) ?? room.take(member);
    if (hold === undefined) chosen.push(member);
    else held.set(hold, [...(held.get(hold) ?? []), member.deviceId]);
  }
  return { chosen, held };
}

/** What keeps a device back whatever the others do. */
function findHold(member: Member, groups: ReadonlySet<number>): Hold | undefined {
  if (!groups.has(member.group)) return 'not_its_turn';
  if (!member.isConnected) return 'offline';
  if (member.takenBy !== undefined) return 'other_rollout';
  return member.windowOpensAtMs === undefined ? undefined : 'window';
}

/** What the policy leaves room for, less with every device that takes of it. */
function openRoom(
  members: readonly Member[],
  policy: RolloutPolicy,
  otherInWork: ReadonlyMap<string, number>,
  nowMs: number,
): { take(member: Member): Hold | undefined } {
  const recently = members.filter(({ orderedAtMs = -Infinity }) => nowMs - orderedAtMs < MINUTE_MS).length;
  let orders = computeRate(policy.rate, members.filter(hasSucceeded).length) - recently;
  let downloads = policy.maxParallelDownloads - members.filter(isDownloading).length;
  const inWork = new Map(otherInWork);
  const budget = policy.disruptionBudget?.maxUnavailable ?? Number.POSITIVE_INFINITY;
  const occupy = ({ budgetKey = '' }: Member): void => {
    inWork.set(budgetKey, (inWork.get(budgetKey) ?? 0) + 1);
  };
  for (const member of members.filter(isInWork)) occupy(member);

  return {
    take: (member) => {
      if ((inWork.get(member.budgetKey ?? '') ?? 0) >= budget) return 'disruption_budget';
      if (downloads <= 0) return 'parallel_downloads';
      if (orders <= 0) return 'rate';
      orders -= 1;
      downloads -= 1;
      occupy(member);
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
