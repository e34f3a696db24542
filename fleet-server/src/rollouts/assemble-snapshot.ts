import { DEPLOYMENT_LIFECYCLE } from '@watchpost/shared/lifecycle/deployment.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { DeviceStanding } from '../devices/port.ts';
import type { DeploymentRecord, RolloutMember, RolloutProgress, RolloutRecord } from '../store/port.ts';
import type { TargetDevice } from '../targeting/port.ts';
import { type LiveRollout, restoreStateOf, stateOf } from './live-rollout.ts';
import { findUnknownType } from './order-type-verdict.ts';
import type { WindowTimes } from './port.ts';
import type { Claim } from './rollout-overlap.ts';
import type { GateVerdict, Member, Restore, RolloutSnapshot } from './rollout-snapshot.ts';
import { BROUGHT, isWaitingForQuiet } from './rollout-tally.ts';

/** What is known of a device beside the rollout. */
export interface Outlook {
  readonly standing: DeviceStanding | undefined;
  readonly target: TargetDevice | undefined;
  readonly unfit: { readonly code: string; readonly detail: string } | undefined;
  /** Failed and rolled back deployments of the last day. */
  readonly failures: number;
  readonly claim: Claim | undefined;
  readonly window: WindowTimes;
}

export interface SnapshotInput {
  readonly live: LiveRollout;
  readonly outlookOf: (deviceId: string) => Outlook;
  readonly verdicts: readonly GateVerdict[];
  readonly otherInWork: ReadonlyMap<string, number>;
  readonly nowMs: number;
  /** Since when this server hears what devices say. */
  readonly listeningSinceMs: number;
  /** How long a device that is away is waited for. */
  readonly graceMs: number;
}

/** A device that failed so often within a day is left alone until a person asks to try it again. */
export const LOOP_FAILURES = 3;
const MINUTE_MS = 60_000;
/** Failures that may pass: they tell of the network, the server, the disk or the time, not of the model. */
const PASSING = [
  'SERVER_UNREACHABLE',
  'DOWNLOAD_FAILED',
  'DISK_FULL',
  'STORE_FAILED',
  'BUNDLE_FILE_MISSING',
  'BUNDLE_DIGEST_MISMATCH',
];

export function assembleSnapshot(input: SnapshotInput): RolloutSnapshot {
  const { live, outlookOf, verdicts, otherInWork, listeningSinceMs } = input;
  const { state, policy, startAtMs, startedAtMs, rollingBackSinceMs } = live.rollout;
  return {
    state,
    policy,
    ...(startAtMs !== undefined && { startAtMs }),
    ...(startedAtMs !== undefined && { startedAtMs }),
    ...(rollingBackSinceMs !== undefined && { rollingBackSinceMs }),
    listeningSinceMs,
    groups: live.groups,
    members: Array.from(live.members.values(), (member) =>
      assembleMember(live.rollout, member, outlookOf(member.deviceId), input),
    ),
    verdicts,
    otherInWork,
  };
}

function assembleMember(
  rollout: RolloutRecord,
  member: RolloutMember,
  outlook: Outlook,
  { nowMs, graceMs }: Pick<SnapshotInput, 'nowMs' | 'graceMs'>,
): Member {
  const { deviceId, group, attempts, isExcused, orderedAtMs, progress } = member;
  const { standing, window } = outlook;
  const budgetKey = readBudgetKey(rollout, outlook.target);
  const unfit = findUnfit(rollout, member, outlook);
  const takenBy = outlook.claim?.takenBy ?? findForeignOrder(rollout, member, outlook, nowMs);
  const restore = assembleRestore(member);
  const outrankedBy = outlook.claim?.outrankedBy;
  return {
    deviceId,
    group,
    isConnected: isThere(rollout, standing),
    expectedUntilMs: (standing?.lastSeenMs ?? 0) + graceMs,
    isGone: !(standing?.isAccepted ?? false),
    ...(budgetKey !== undefined && { budgetKey }),
    ...window,
    ...(unfit !== undefined && { unfit }),
    ...(takenBy !== undefined && { takenBy }),
    ...(outrankedBy !== undefined && { outrankedBy }),
    state: stateOf(member),
    attempts,
    ...(orderedAtMs !== undefined && { orderedAtMs }),
    ...(progress !== undefined && { changedAtMs: progress.updatedAtMs }),
    mayRetry: mayPass(progress) && outlook.failures < LOOP_FAILURES && outrankedBy === undefined,
    isExcused,
    ...(restore !== undefined && { restore }),
    hasPrevious: canGoBack(rollout, member, standing),
  };
}

export function readBudgetKey(
  { policy }: Pick<RolloutRecord, 'policy'>,
  target: TargetDevice | undefined,
): string | undefined {
  const groupBy = policy.disruptionBudget?.groupBy;
  if (groupBy === undefined || target === undefined) return undefined;
  if (groupBy === 'site') return target.site;
  const value = target.attrs[groupBy.slice('attrs.'.length)];
  return value === undefined ? undefined : String(value);
}

/** For another order than a forced one a device is there once it has said what its agent knows. */
function isThere({ policy }: RolloutRecord, standing: DeviceStanding | undefined): boolean {
  const isKnown = policy.type === 'forced' || standing?.orderTypes !== undefined;
  return isKnown && (standing?.isConnected ?? false);
}

function findUnfit(
  { policy }: RolloutRecord,
  { isRetried }: RolloutMember,
  { standing, unfit, failures }: Outlook,
): Member['unfit'] {
  const unknownType = findUnknownType(policy.type, standing?.orderTypes);
  if (unknownType !== undefined) return unknownType;
  if (unfit !== undefined || isRetried || failures < LOOP_FAILURES) return unfit;
  const detail = `${failures} deployments failed on it within a day; \`rollout retry\` tries it all the same`;
  return { code: 'DEVICE_LOOPING', detail };
}

/** Somebody ordered the device something else, and it is at it: what it only waits with gives way. */
function findForeignOrder(
  { policy }: RolloutRecord,
  { deploymentId, restoreId }: RolloutMember,
  { standing }: Outlook,
  nowMs: number,
): string | undefined {
  const newest = standing?.deployment;
  if (newest === undefined || newest.id === deploymentId || newest.id === restoreId) return undefined;
  const isOver =
    isTerminal(DEPLOYMENT_LIFECYCLE, newest.state) ||
    isWaitingForQuiet(newest) ||
    nowMs - newest.updatedAtMs >= policy.stepTimeoutMinutes * MINUTE_MS;
  return isOver ? undefined : `the order of ${newest.model}@${newest.version}`;
}

function mayPass(progress: RolloutProgress | undefined): boolean {
  return (
    progress !== undefined && (progress.state === 'timed_out' || PASSING.includes(progress.reason ?? ''))
  );
}

function assembleRestore(member: RolloutMember): Restore | undefined {
  const state = restoreStateOf(member);
  if (state === undefined) return undefined;
  const { restoreAttempts, restoreOrderedAtMs = 0, restoreProgress, restoreEnd } = member;
  return {
    state,
    attempts: restoreAttempts,
    orderedAtMs: restoreOrderedAtMs,
    ...(restoreProgress !== undefined && { changedAtMs: restoreProgress.updatedAtMs }),
    mayRetry: restoreEnd === undefined && mayPass(restoreProgress),
  };
}

/** A device that was brought to another bundle since is none of this rollout's business. */
function canGoBack(
  { bundleDigest }: RolloutRecord,
  { previousDigest, deploymentId, restoreId }: RolloutMember,
  standing: DeviceStanding | undefined,
): boolean {
  const newest = standing?.deployment;
  const isOurs = newest === undefined || newest.id === deploymentId || newest.id === restoreId;
  const hasWay = previousDigest !== undefined && previousDigest !== bundleDigest;
  return hasWay && (isOurs || newest.bundleDigest === bundleDigest || hasChangedNothing(newest));
}

const hasChangedNothing = ({ state }: DeploymentRecord): boolean =>
  isTerminal(DEPLOYMENT_LIFECYCLE, state) && !BROUGHT.includes(state);
