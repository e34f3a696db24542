import { chooseOrders } from './rollout-orders.ts';
import type { Group, Hold, Member, RolloutPlan, RolloutSnapshot, RolloutStep } from './rollout-snapshot.ts';
import {
  hasSucceeded,
  isEnded,
  isInWork,
  isOverErrorThreshold,
  isOverSuccessThreshold,
  isWaiting,
  type Tally,
  tally,
} from './rollout-tally.ts';

const MINUTE_MS = 60_000;
const NO_HOLDS: ReadonlyMap<Hold, readonly string[]> = new Map();

/**
 * What is to be done about a rollout now. Pure and total: the executor performs the steps, and asks again when a
 * device reported, a gate changed its mind, or the time to wake has come.
 */
export function planRollout(snapshot: RolloutSnapshot, nowMs: number): RolloutPlan {
  switch (snapshot.state) {
    case 'scheduled':
      return planStart(snapshot, nowMs);
    case 'running':
      return planRunning(snapshot, nowMs);
    case 'paused':
      return plan(timeOutSilent(snapshot, nowMs), { wakeAtMs: findNextTimeOut(snapshot) });
    case 'stopping':
      return planStopping(snapshot, nowMs);
    case 'rolling_back':
      return planRollback(snapshot, nowMs);
    default:
      return plan([]);
  }
}

function plan(
  steps: readonly RolloutStep[],
  rest: { readonly held?: RolloutPlan['held']; readonly wakeAtMs?: number | undefined } = {},
): RolloutPlan {
  const { held = NO_HOLDS, wakeAtMs } = rest;
  return { steps, held, ...(wakeAtMs !== undefined && { wakeAtMs }) };
}

function planStart({ startAtMs = 0 }: RolloutSnapshot, nowMs: number): RolloutPlan {
  if (nowMs < startAtMs) return plan([], { wakeAtMs: startAtMs });
  return plan([{ kind: 'rollout', to: 'running', why: 'its time has come' }]);
}

/** Ends first, then the groups, then orders: an order is never given on the strength of what has just changed. */
function planRunning(snapshot: RolloutSnapshot, nowMs: number): RolloutPlan {
  const ends = [
    ...rejectUnfit(snapshot),
    ...timeOutSilent(snapshot, nowMs),
    ...timeOutAbsent(snapshot, nowMs),
  ];
  if (ends.length > 0) return plan(ends);
  const moves = planGroups(snapshot, nowMs);
  if (moves.length > 0) return plan(moves);
  const open = snapshot.groups.filter(({ state }) => state !== 'scheduled' && state !== 'error');
  const { chosen, held } = chooseOrders(snapshot, new Set(open.map(({ index }) => index)), nowMs);
  const orders = chosen.map(
    ({ deviceId, attempts }): RolloutStep => ({ kind: 'order', deviceId, attempt: attempts + 1 }),
  );
  return plan(orders, { held, wakeAtMs: findWakeTime(snapshot, held, nowMs) });
}

function rejectUnfit({ members, policy }: RolloutSnapshot): readonly RolloutStep[] {
  return members
    .filter((member) => member.unfit !== undefined && isWaiting(member, policy) && member.attempts === 0)
    .map(({ deviceId, unfit }) => end(deviceId, 'rejected', unfit?.code ?? '', unfit?.detail ?? ''));
}

/** Nothing stays in work for ever. */
function timeOutSilent({ members, policy }: RolloutSnapshot, nowMs: number): readonly RolloutStep[] {
  const limitMs = policy.stepTimeoutMinutes * MINUTE_MS;
  return members
    .filter((member) => isInWork(member) && nowMs - lastHeardMs(member) >= limitMs)
    .map(({ deviceId, state }) =>
      end(
        deviceId,
        'timed_out',
        'STEP_TIMEOUT',
        `${state} without a word for ${policy.stepTimeoutMinutes} minutes`,
      ),
    );
}

const lastHeardMs = ({ orderedAtMs = 0, changedAtMs = 0 }: Member): number =>
  Math.max(orderedAtMs, changedAtMs);

function timeOutAbsent(snapshot: RolloutSnapshot, nowMs: number): readonly RolloutStep[] {
  const { members, policy } = snapshot;
  if (nowMs < endsAtMs(snapshot)) return [];
  return members
    .filter((member) => isWaiting(member, policy) && !isEnded(member))
    .map(({ deviceId }) =>
      end(
        deviceId,
        'timed_out',
        'ROLLOUT_TIMEOUT',
        `was not reached within ${policy.timeoutMinutes} minutes of the rollout`,
      ),
    );
}

const endsAtMs = ({ startedAtMs = 0, policy }: RolloutSnapshot): number =>
  startedAtMs + policy.timeoutMinutes * MINUTE_MS;

/** One move at a time: each is judged by what the one before brought about. */
function planGroups(snapshot: RolloutSnapshot, nowMs: number): readonly RolloutStep[] {
  const { groups, members, policy } = snapshot;
  const all = tally(members, policy);
  const current = groups.find(({ state }) => state !== 'finished');
  if (current === undefined) return finish(snapshot, all, nowMs);
  const own = tally(ownMembers(snapshot, current), policy);
  if (current.state === 'error') return [];
  if (current.state === 'scheduled') return [move(current, 'running', 'it is its turn')];
  const late = isOverErrorThreshold(all, policy) ? all : undefined;
  const broken = isOverErrorThreshold(own, policy) ? own : late;
  if (broken !== undefined) return fail(snapshot, current, describeErrors(broken, policy.errorThreshold));
  return current.state === 'running'
    ? planThreshold(snapshot, current, own)
    : planSoak(snapshot, current, own, nowMs);
}

const ownMembers = ({ members }: RolloutSnapshot, { index }: Group): readonly Member[] =>
  members.filter(({ group }) => group === index);

const describeErrors = ({ failed, executed }: Tally, limit: number): string =>
  `${failed} of ${executed} devices failed, more than ${percent(limit)}`;

const percent = (ratio01: number): string => `${Math.round(ratio01 * 1000) / 10} %`;

function fail({ policy }: RolloutSnapshot, group: Group, why: string): readonly RolloutStep[] {
  const to = { pause: 'paused', stop: 'stopping', rollback: 'rolling_back' } as const;
  return [
    move(group, 'error', why),
    { kind: 'rollout', to: to[policy.onError], why: `group ${group.index + 1}: ${why}` },
  ];
}

/** A group soaks when its thresholds are met and no device that can go on now is still on its way. */
function planThreshold(snapshot: RolloutSnapshot, group: Group, own: Tally): readonly RolloutStep[] {
  const { policy } = snapshot;
  if (own.eligible === 0) return [move(group, 'soaking', 'it has no device that can take the bundle')];
  const isUnderWay = ownMembers(snapshot, group).some(
    (member) => isInWork(member) || (isWaiting(member, policy) && canGoOn(member)),
  );
  if (isUnderWay || !isOverSuccessThreshold(own, policy)) return [];
  return [move(group, 'soaking', `${own.succeeded} of ${own.executed} executed devices succeeded`)];
}

const canGoOn = ({ isConnected, takenBy, windowOpensAtMs }: Member): boolean =>
  isConnected && takenBy === undefined && windowOpensAtMs === undefined;

function planSoak(
  { policy, verdicts }: RolloutSnapshot,
  group: Group,
  own: Tally,
  nowMs: number,
): readonly RolloutStep[] {
  const failed = verdicts.find(({ verdict }) => verdict === 'fail');
  if (failed !== undefined) {
    return fail({ policy } as RolloutSnapshot, group, `gate ${failed.gate}: ${failed.why}`);
  }
  if (own.executed > 0 && !isOverSuccessThreshold(own, policy)) {
    return [move(group, 'running', `only ${own.succeeded} of ${own.executed} executed devices succeeded`)];
  }
  const isBaked = nowMs >= (group.soakingSinceMs ?? nowMs) + policy.soakSeconds * 1000;
  if (own.eligible > 0 && (!isBaked || verdicts.some(({ verdict }) => verdict === 'open'))) return [];
  return [move(group, 'finished', own.eligible === 0 ? 'nothing to wait for' : 'soaked, every gate passed')];
}

/** Late devices may still come, until the rollout is out of time. */
function finish(snapshot: RolloutSnapshot, all: Tally, nowMs: number): readonly RolloutStep[] {
  const { policy } = snapshot;
  if (isOverErrorThreshold(all, policy)) {
    const why = describeErrors(all, policy.errorThreshold);
    const to = { pause: 'paused', stop: 'stopping', rollback: 'rolling_back' } as const;
    return [{ kind: 'rollout', to: to[policy.onError], why }];
  }
  const isOver = all.inWork === 0 && all.waiting === 0;
  if (!isOver || (policy.targetSelection === 'continuous' && nowMs < endsAtMs(snapshot))) return [];
  return [{ kind: 'rollout', to: 'finished', why: `${all.succeeded} of ${all.total} devices succeeded` }];
}

/** Who was not ordered yet is let go; who is in work comes to its end or its time-out. */
function planStopping(snapshot: RolloutSnapshot, nowMs: number): RolloutPlan {
  const { members, policy } = snapshot;
  const ends = [...timeOutSilent(snapshot, nowMs), ...letGo(members, policy)];
  if (ends.length > 0) return plan(ends);
  if (members.some(isInWork)) return plan([], { wakeAtMs: findNextTimeOut(snapshot) });
  return plan([{ kind: 'rollout', to: 'stopped', why: 'no device is in work' }]);
}

function letGo(members: readonly Member[], policy: RolloutSnapshot['policy']): readonly RolloutStep[] {
  return members
    .filter((member) => isWaiting(member, policy) && !isEnded(member))
    .map(({ deviceId }) =>
      end(deviceId, 'aborted', 'ROLLOUT_STOPPED', 'the rollout was stopped before its turn'),
    );
}

/** Each device goes back to its own bundle; a device without one keeps what it has. */
function planRollback(snapshot: RolloutSnapshot, nowMs: number): RolloutPlan {
  const { members, policy } = snapshot;
  const ends = letGo(members, policy);
  if (ends.length > 0) return plan(ends);
  const back = members.filter((member) => needsRestore(member));
  const restores = back
    .filter(({ restore, isConnected }) => restore === undefined && isConnected)
    .map(({ deviceId }): RolloutStep => ({ kind: 'restore', deviceId }));
  if (restores.length > 0) return plan(restores);
  const limitMs = policy.timeoutMinutes * MINUTE_MS;
  const isOpen = back.some(({ restore }) =>
    restore === undefined
      ? nowMs < endsAtMs(snapshot)
      : !isEnded(restore) && nowMs - restore.orderedAtMs < limitMs,
  );
  if (isOpen) return plan([], { wakeAtMs: Math.max(endsAtMs(snapshot), nowMs + MINUTE_MS) });
  return plan([{ kind: 'rollout', to: 'rolled_back', why: `${back.length} devices went back` }]);
}

const needsRestore = (member: Member): boolean =>
  member.hasPrevious && member.attempts > 0 && (isInWork(member) || hasSucceeded(member));

function findWakeTime(
  snapshot: RolloutSnapshot,
  held: RolloutPlan['held'],
  nowMs: number,
): number | undefined {
  const { policy, groups, members } = snapshot;
  const windows = members.flatMap(({ windowOpensAtMs }) => windowOpensAtMs ?? []);
  const soaks = groups
    .filter(({ state }) => state === 'soaking')
    .map(({ soakingSinceMs = nowMs }) => soakingSinceMs + policy.soakSeconds * 1000);
  const orders = held.has('rate')
    ? members.flatMap(({ orderedAtMs }) => (orderedAtMs === undefined ? [] : [orderedAtMs + MINUTE_MS]))
    : [];
  const times = [
    ...windows,
    ...soaks,
    ...orders,
    findNextTimeOut(snapshot) ?? endsAtMs(snapshot),
    endsAtMs(snapshot),
  ];
  return earliest(times.filter((timeMs) => timeMs > nowMs));
}

function findNextTimeOut({ members, policy }: RolloutSnapshot): number | undefined {
  return earliest(
    members.filter(isInWork).map((member) => lastHeardMs(member) + policy.stepTimeoutMinutes * MINUTE_MS),
  );
}

/** Not `Math.min(...)`: there may be more times than a call has room for arguments. */
function earliest(timesMs: readonly number[]): number | undefined {
  return timesMs.reduce<number | undefined>(
    (first, timeMs) => (first === undefined || timeMs < first ? timeMs : first),
    undefined,
  );
}

function move({ index }: Group, to: Group['state'], why: string): RolloutStep {
  return { kind: 'group', index, to, why };
}

function end(
  deviceId: string,
  to: 'rejected' | 'timed_out' | 'aborted',
  code: string,
  detail: string,
): RolloutStep {
  return { kind: 'end', deviceId, to, code, detail };
}
