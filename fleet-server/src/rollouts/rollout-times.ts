import { type RolloutPolicy, SOFT_HOURS } from '@watchpost/shared/rollout/policy.ts';
import type { Hold, Member, RolloutPlan, RolloutSnapshot, RolloutStep } from './rollout-snapshot.ts';
import {
  awaitsRetry,
  isEnded,
  isInWork,
  isRestoring,
  isWaiting,
  isWaitingForQuiet,
  retriesAtMs,
} from './rollout-tally.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NO_HOLDS: RolloutPlan['held'] = new Map();

export function plan(
  steps: readonly RolloutStep[],
  rest: { readonly held?: RolloutPlan['held']; readonly wakeAtMs?: number | undefined } = {},
): RolloutPlan {
  const { held = NO_HOLDS, wakeAtMs } = rest;
  return { steps, held, ...(wakeAtMs !== undefined && { wakeAtMs }) };
}

export function end(
  deviceId: string,
  to: Extract<RolloutStep, { kind: 'end' }>['to'],
  code: string,
  detail: string,
): RolloutStep {
  return { kind: 'end', deviceId, to, code, detail };
}

/** When the rollout is out of time. */
export const endsAtMs = ({ startedAtMs = 0, policy }: RolloutSnapshot): number =>
  startedAtMs + policy.timeoutMinutes * MINUTE_MS;
/** When a rollback waits for absent devices no longer: it has as much time of its own. */
export const rollbackEndsAtMs = ({ rollingBackSinceMs = 0, policy }: RolloutSnapshot): number =>
  rollingBackSinceMs + policy.timeoutMinutes * MINUTE_MS;

/** When a device that waits for quiet installs at the latest. */
export function softUntilMs(
  { softHours = SOFT_HOURS }: Pick<RolloutPolicy, 'softHours'>,
  { orderedAtMs = 0 }: Pick<Member, 'orderedAtMs'>,
): number {
  return orderedAtMs + softHours * HOUR_MS;
}

/** When a device in work that goes on saying nothing is timed out; one that waits for quiet has nothing to say. */
function silentAtMs(
  { policy, listeningSinceMs = 0 }: RolloutSnapshot,
  told: Pick<Member, 'state'> & Partial<Member>,
): number {
  const { orderedAtMs = 0, changedAtMs = 0 } = told;
  const quietMs = isWaitingForQuiet(told) ? softUntilMs(policy, told) : 0;
  const sinceMs = Math.max(orderedAtMs, changedAtMs, listeningSinceMs, quietMs);
  return sinceMs + policy.stepTimeoutMinutes * MINUTE_MS;
}

/** Nothing stays in work for ever, on its way or on its way back. */
export function endSilent(snapshot: RolloutSnapshot, nowMs: number): readonly RolloutStep[] {
  const { members, policy } = snapshot;
  const isSilent = (told: Parameters<typeof silentAtMs>[1]): boolean => nowMs >= silentAtMs(snapshot, told);
  const describe = (state: string): string =>
    `${state} without a word for ${policy.stepTimeoutMinutes} minutes`;
  return members.flatMap((member): readonly RolloutStep[] => {
    const { deviceId, state, restore, isGone } = member;
    const ownEnd =
      isInWork(member) && !isGone && isSilent(member)
        ? [end(deviceId, 'timed_out', 'STEP_TIMEOUT', describe(state))]
        : [];
    if (restore === undefined || isEnded(restore) || !isSilent(restore)) return ownEnd;
    const code = 'STEP_TIMEOUT';
    const detail = describe(restore.state);
    return [...ownEnd, { kind: 'end_restore', deviceId, to: 'timed_out', code, detail }];
  });
}

/** Who left the fleet is neither a success nor a failure. */
export function endGone({ members, policy }: RolloutSnapshot): readonly RolloutStep[] {
  return members
    .filter((member) => member.isGone && (isInWork(member) || isWaiting(member, policy)) && !isEnded(member))
    .map(({ deviceId }) =>
      end(deviceId, 'decommissioned', 'DEVICE_GONE', 'the device is not one of the fleet any more'),
    );
}

/** Who was not ordered yet is let go. */
export function letGo({ members, policy }: RolloutSnapshot): readonly RolloutStep[] {
  return members
    .filter((member) => isWaiting(member, policy) && !isEnded(member))
    .map(({ deviceId }) =>
      end(deviceId, 'aborted', 'ROLLOUT_STOPPED', 'the rollout was stopped before its turn'),
    );
}

export function endAbsent(snapshot: RolloutSnapshot, nowMs: number): readonly RolloutStep[] {
  const { members, policy } = snapshot;
  if (nowMs < endsAtMs(snapshot)) return [];
  const detail = `was not reached within ${policy.timeoutMinutes} minutes of the rollout`;
  return members
    .filter((member) => isWaiting(member, policy) && !isEnded(member))
    .map(({ deviceId }) => end(deviceId, 'timed_out', 'ROLLOUT_TIMEOUT', detail));
}

/** @param alsoMs times at which this plan may be another one */
export function findWakeTime(
  snapshot: RolloutSnapshot,
  held: ReadonlyMap<Hold, readonly string[]>,
  nowMs: number,
  alsoMs: readonly number[] = [],
): number | undefined {
  const { policy, members } = snapshot;
  const silences = members.flatMap((member) => [
    ...(isInWork(member) ? [silentAtMs(snapshot, member)] : []),
    ...(member.restore !== undefined && isRestoring(member) ? [silentAtMs(snapshot, member.restore)] : []),
  ]);
  const windows = held.has('window') ? members.flatMap(({ windowOpensAtMs }) => windowOpensAtMs ?? []) : [];
  const orders = held.has('rate')
    ? members.flatMap(({ orderedAtMs, restore }) =>
        [orderedAtMs, restore?.orderedAtMs].flatMap((atMs) => (atMs === undefined ? [] : [atMs + MINUTE_MS])),
      )
    : [];
  const retries = held.has('retry_delay')
    ? members.flatMap((member) => [
        ...(awaitsRetry(member, policy) ? [retriesAtMs(member)] : []),
        ...(member.restore === undefined ? [] : [retriesAtMs(member.restore)]),
      ])
    : [];
  const absences = held.has('offline') ? members.flatMap(({ expectedUntilMs }) => expectedUntilMs ?? []) : [];
  return earliest(
    [...absences, ...silences, ...windows, ...orders, ...retries, ...alsoMs].filter(
      (timeMs) => timeMs > nowMs,
    ),
  );
}

/** Not `Math.min(...)`: there may be more times than a call has room for arguments. */
function earliest(timesMs: readonly number[]): number | undefined {
  return timesMs.reduce<number | undefined>(
    (first, timeMs) => (first === undefined || timeMs < first ? timeMs : first),
    undefined,
  );
}
