import { gatesInForce } from '@watchpost/shared/rollout/policy.ts';
import { estimateFailed01 } from './failed-share.ts';
import { chooseOrders } from './rollout-orders.ts';
import { planRollback, planStopping } from './rollout-return.ts';
import {
  type Group,
  type Member,
  OUTRANKED,
  type RolloutPlan,
  type RolloutSnapshot,
  type RolloutStep,
} from './rollout-snapshot.ts';
import {
  isInWork,
  isOverErrorThreshold,
  isOverSuccessThreshold,
  isWaiting,
  isWaitingForQuiet,
  type Tally,
  tally,
} from './rollout-tally.ts';
import {
  end,
  endAbsent,
  endGone,
  endSilent,
  endsAtMs,
  findWakeTime,
  plan,
  softUntilMs,
} from './rollout-times.ts';

const ON_ERROR = { pause: 'paused', stop: 'stopping', rollback: 'rolling_back' } as const;

/**
 * What is to be done about a rollout now. Pure and total: the executor performs the steps, and asks again when a
 * device reported, a gate changed its mind, or the time to wake has come.
 */
export function planRollout(given: RolloutSnapshot, nowMs: number): RolloutPlan {
  switch (given.state) {
    case 'scheduled':
      return planStart(given, nowMs);
    case 'running':
      return planRunning(given, nowMs);
    case 'paused':
      return planPaused(given, nowMs);
    case 'stopping':
      return planStopping(given, nowMs);
    case 'rolling_back':
      return planRollback(given, nowMs);
    default:
      return plan([]);
  }
}

function planStart({ startAtMs = 0 }: RolloutSnapshot, nowMs: number): RolloutPlan {
  if (nowMs < startAtMs) return plan([], { wakeAtMs: startAtMs });
  return plan([{ kind: 'rollout', to: 'running', why: 'its time has come' }]);
}

/** Nobody is ordered; a pause that outlasts the time of the rollout ends it. */
function planPaused(snapshot: RolloutSnapshot, nowMs: number): RolloutPlan {
  const ends = [...endGone(snapshot), ...endSilent(snapshot, nowMs)];
  if (ends.length > 0) return plan(ends);
  if (nowMs < endsAtMs(snapshot)) {
    return plan([], { wakeAtMs: findWakeTime(snapshot, new Map(), nowMs, [endsAtMs(snapshot)]) });
  }
  return plan([{ kind: 'rollout', to: 'stopping', why: 'it was paused until its time was over' }]);
}

/** Ends first, then the groups, then orders: an order is never given on the strength of what has just changed. */
function planRunning(given: RolloutSnapshot, nowMs: number): RolloutPlan {
  const snapshot = withoutLateRetries(given, nowMs);
  const ends = [
    ...endGone(snapshot),
    ...rejectUnfit(snapshot),
    ...endOutranked(snapshot),
    ...endSilent(snapshot, nowMs),
  ];
  if (ends.length > 0) return plan(ends);
  const absent = endAbsent(snapshot, nowMs);
  if (absent.length > 0) return plan(absent);
  const moves = planGroups(snapshot, nowMs);
  if (moves.length > 0) return plan(moves);
  const open = snapshot.groups.filter(({ state }) => state !== 'scheduled' && state !== 'error');
  const { chosen, held } = chooseOrders(snapshot, new Set(open.map(({ index }) => index)), nowMs);
  const orders = chosen.map(
    (member): RolloutStep => ({
      ...{ kind: 'order', deviceId: member.deviceId, attempt: member.attempts + 1 },
      ...(snapshot.policy.type === 'soft' && { softUntilMs: installsByMs(snapshot, member, nowMs) }),
    }),
  );
  const alsoMs = [endsAtMs(snapshot), ...soakEndsMs(snapshot)];
  return plan(orders, { held, wakeAtMs: findWakeTime(snapshot, held, nowMs, alsoMs) });
}

/** A device is disturbed while its window is open, or not at all. */
function installsByMs({ policy }: RolloutSnapshot, { windowClosesAtMs }: Member, nowMs: number): number {
  return Math.min(softUntilMs(policy, { orderedAtMs: nowMs }), windowClosesAtMs ?? Number.POSITIVE_INFINITY);
}

/** Out of time nothing is tried again, or a device that failed and went away would keep the rollout open for ever. */
function withoutLateRetries(snapshot: RolloutSnapshot, nowMs: number): RolloutSnapshot {
  if (nowMs < endsAtMs(snapshot)) return snapshot;
  return { ...snapshot, policy: { ...snapshot.policy, retries: 0 } };
}

const isUntried = (member: Member, { policy }: RolloutSnapshot): boolean =>
  isWaiting(member, policy) && member.attempts === 0;

function rejectUnfit(snapshot: RolloutSnapshot): readonly RolloutStep[] {
  return snapshot.members.flatMap((member) => {
    const { deviceId, unfit, isGone } = member;
    if (unfit === undefined || isGone || !isUntried(member, snapshot)) return [];
    return [end(deviceId, 'rejected', unfit.code, unfit.detail)];
  });
}

function endOutranked(snapshot: RolloutSnapshot): readonly RolloutStep[] {
  return snapshot.members.flatMap((member) => {
    const { deviceId, unfit, isGone, outrankedBy } = member;
    if (outrankedBy === undefined || unfit !== undefined || isGone || !isUntried(member, snapshot)) return [];
    return [end(deviceId, 'aborted', OUTRANKED, `${outrankedBy} goes first, and has been there`)];
  });
}

/** One move at a time: each is judged by what the one before brought about. */
function planGroups(snapshot: RolloutSnapshot, nowMs: number): readonly RolloutStep[] {
  const { groups, members, policy } = snapshot;
  const all = tally(members, policy);
  const current = groups.find(({ state }) => state !== 'finished');
  if (current === undefined) return finish(snapshot, all, nowMs);
  if (current.state === 'error') return [move(current, 'running', 'the rollout goes on')];
  if (current.state === 'scheduled') return [move(current, 'running', 'it is its turn')];
  const ours = ownMembers(snapshot, current);
  const own = tally(ours, policy);
  if (failTooOften(ours, own, snapshot, nowMs)) return fail(snapshot, current, describeErrors(own, policy));
  if (failTooOften(members, all, snapshot, nowMs)) {
    return fail(snapshot, current, `of all groups ${describeErrors(all, policy)}`);
  }
  return current.state === 'running'
    ? planThreshold(snapshot, current, own, nowMs)
    : planSoak(snapshot, current, own, nowMs);
}

/** Of those executed too many failed, and not only because failures are told before successes. */
const failTooOften = (
  members: readonly Member[],
  counts: Tally,
  { policy }: RolloutSnapshot,
  nowMs: number,
): boolean =>
  isOverErrorThreshold(counts, policy) && estimateFailed01(members, policy, nowMs) > policy.errorThreshold;

const ownMembers = ({ members }: RolloutSnapshot, { index }: Group): readonly Member[] =>
  members.filter(({ group }) => group === index);

const describeErrors = ({ failed, executed }: Tally, { errorThreshold }: RolloutSnapshot['policy']): string =>
  `${failed} of ${executed} executed devices failed, more than ${percent(errorThreshold)}`;

const percent = (ratio01: number): string => `${Math.round(ratio01 * 1000) / 10} %`;

function fail({ policy }: RolloutSnapshot, group: Group, why: string): readonly RolloutStep[] {
  return [
    move(group, 'error', why),
    { kind: 'rollout', to: ON_ERROR[policy.onError], why: `group ${group.index + 1}: ${why}` },
  ];
}

/**
 * A group soaks when its thresholds are met and no device that can go on now is still on its way. Who waits for quiet
 * cannot, and holds nobody up, as little as who is away.
 */
function planThreshold(
  snapshot: RolloutSnapshot,
  group: Group,
  own: Tally,
  nowMs: number,
): readonly RolloutStep[] {
  const { policy } = snapshot;
  if (own.eligible === 0) return [move(group, 'soaking', 'it has no device that can take the bundle')];
  const isUnderWay = ownMembers(snapshot, group).some(
    (member) =>
      (isInWork(member) && !isWaitingForQuiet(member)) ||
      (isWaiting(member, policy) && canGoOn(member, nowMs)),
  );
  if (isUnderWay) return [];
  if (isOverSuccessThreshold(own, policy)) {
    return [move(group, 'soaking', `${own.succeeded} of ${own.executed} executed devices succeeded`)];
  }
  const mayStillCome = own.waiting > 0 || own.inWork > 0;
  return mayStillCome ? [] : fail(snapshot, group, describeShortfall(own, policy));
}

const describeShortfall = (
  { succeeded, executed }: Tally,
  { successThreshold }: RolloutSnapshot['policy'],
): string =>
  `only ${succeeded} of ${executed} executed devices succeeded, fewer than ${percent(successThreshold)}`;

function canGoOn(member: Member, nowMs: number): boolean {
  const { isConnected, expectedUntilMs = 0, takenBy, windowOpensAtMs } = member;
  const isHere = isConnected || nowMs < expectedUntilMs;
  return isHere && takenBy === undefined && windowOpensAtMs === undefined;
}

function planSoak(
  snapshot: RolloutSnapshot,
  group: Group,
  own: Tally,
  nowMs: number,
): readonly RolloutStep[] {
  const { policy, verdicts } = snapshot;
  if (own.eligible === 0) return [move(group, 'finished', 'nothing to wait for')];
  const failed = verdicts.find(({ verdict }) => verdict === 'fail');
  if (failed !== undefined) return fail(snapshot, group, `gate ${failed.gate}: ${failed.why}`);
  if (own.executed > 0 && !isOverSuccessThreshold(own, policy)) {
    return [move(group, 'running', describeShortfall(own, policy))];
  }
  if (nowMs < soakEndMs(snapshot, group)) return [];
  const open = gatesInForce(policy).find(
    ({ gate }) => !verdicts.some((it) => it.gate === gate && it.verdict === 'pass'),
  );
  if (open === undefined) return [move(group, 'finished', describeSoaked(policy))];
  if (nowMs < endsAtMs(snapshot)) return [];
  return fail(snapshot, group, `gate ${open.gate}: nothing was found out in the time of the rollout`);
}

const describeSoaked = ({ type }: RolloutSnapshot['policy']): string =>
  type === 'download_only' ? 'soaked; no gate is asked, for nothing of it runs' : 'soaked, every gate passed';

const soakEndMs = ({ policy }: RolloutSnapshot, { soakingSinceMs = 0 }: Group): number =>
  soakingSinceMs + policy.soakSeconds * 1000;
const soakEndsMs = (snapshot: RolloutSnapshot): readonly number[] =>
  snapshot.groups.filter(({ state }) => state === 'soaking').map((group) => soakEndMs(snapshot, group));

/** Late devices may still come, until the rollout is out of time. */
function finish(snapshot: RolloutSnapshot, all: Tally, nowMs: number): readonly RolloutStep[] {
  const { members, policy } = snapshot;
  if (failTooOften(members, all, snapshot, nowMs)) {
    return [{ kind: 'rollout', to: ON_ERROR[policy.onError], why: describeErrors(all, policy) }];
  }
  const isOver = all.inWork === 0 && all.waiting === 0;
  if (!isOver || (policy.targetSelection === 'continuous' && nowMs < endsAtMs(snapshot))) return [];
  return [{ kind: 'rollout', to: 'finished', why: `${all.succeeded} of ${all.total} devices succeeded` }];
}

function move({ index }: Group, to: Group['state'], why: string): RolloutStep {
  return { kind: 'group', index, to, why };
}
