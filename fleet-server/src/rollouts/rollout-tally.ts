import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { FailureType, RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { Member } from './rollout-snapshot.ts';

/** The device runs the bundle of its order. */
export const BROUGHT: readonly DeploymentState[] = ['success', 'already_installed'];
const SUCCESSES: readonly DeploymentState[] = [...BROUGHT, 'kept'];
const DOWNLOADING = ['pending', 'queued', 'downloading'];
const MINUTE_MS = 60_000;
const MAX_RETRY_DELAY_MS = 60 * MINUTE_MS;

type Standing = Pick<Member, 'state' | 'attempts'>;

export const isEnded = ({ state }: Pick<Member, 'state'>): boolean => isTerminal(DEPLOYMENT_LIFECYCLE, state);
export const hasSucceeded = ({ state }: Pick<Member, 'state'>): boolean => SUCCESSES.includes(state);
/** Ordered, and not at its end. */
export const isInWork = (member: Standing): boolean => member.attempts > 0 && !isEnded(member);
export const isDownloading = (member: Standing): boolean =>
  isInWork(member) && DOWNLOADING.includes(member.state);
/** Ordered softly, and in nobody's way until nothing is seen on its cameras any more. */
export const isWaitingForQuiet = ({ state }: Pick<Member, 'state'>): boolean => state === 'waiting_for_quiet';
/** On its way back to its own bundle. */
export const isRestoring = ({ restore }: Pick<Member, 'restore'>): boolean =>
  restore !== undefined && !isEnded(restore);
export const isRestored = ({ restore }: Pick<Member, 'restore'>): boolean =>
  restore !== undefined && hasSucceeded(restore);

const isFailureType = (state: Member['state'], { failureTypes }: RolloutPolicy): boolean =>
  failureTypes.includes(state as FailureType);

/** It failed, and is to be tried again. A rejection never is, and nobody is who left the fleet. */
export function awaitsRetry(member: Member, policy: RolloutPolicy): boolean {
  const { state, attempts, mayRetry, isGone } = member;
  return isFailureType(state, policy) && mayRetry && !isGone && attempts > 0 && attempts <= policy.retries;
}

/** When a failed device may be tried again: later each time, an hour at most. */
export function retriesAtMs({
  attempts,
  orderedAtMs = 0,
  changedAtMs = 0,
}: Pick<Member, 'attempts' | 'orderedAtMs' | 'changedAtMs'>): number {
  return Math.max(orderedAtMs, changedAtMs) + Math.min(MAX_RETRY_DELAY_MS, MINUTE_MS * 2 ** (attempts - 1));
}

/** Never ordered, or to be ordered again. */
export const isWaiting = (member: Member, policy: RolloutPolicy): boolean =>
  (member.attempts === 0 && !isEnded(member)) || awaitsRetry(member, policy);

export function hasFailed(member: Member, policy: RolloutPolicy): boolean {
  const counts = member.attempts > 0 && !member.isExcused && isFailureType(member.state, policy);
  return counts && !awaitsRetry(member, policy);
}

/** Counts of devices. Those that were never ordered are neither successes nor failures. */
export interface Tally {
  readonly total: number;
  /** Those the thresholds can ever speak of: neither rejected, aborted, excused nor gone. */
  readonly eligible: number;
  /** At an end that counts. */
  readonly executed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly inWork: number;
  readonly waiting: number;
}

export function tally(members: readonly Member[], policy: RolloutPolicy): Tally {
  const count = (matches: (member: Member) => boolean): number =>
    members.reduce((sum, member) => sum + (matches(member) ? 1 : 0), 0);
  const succeeded = count(hasSucceeded);
  const failed = count((member) => hasFailed(member, policy));
  const inWork = count(isInWork);
  const waiting = count((member) => isWaiting(member, policy));
  const executed = succeeded + failed;
  const eligible = executed + inWork + waiting;
  return { total: members.length, eligible, executed, succeeded, failed, inWork, waiting };
}

/** Whether enough devices were executed to look at thresholds; a group smaller than the minimum needs all it has. */
export function isJudged({ executed, eligible }: Tally, { minExecuted }: RolloutPolicy): boolean {
  return executed > 0 && executed >= Math.min(minExecuted, eligible);
}

export const isOverErrorThreshold = (counts: Tally, policy: RolloutPolicy): boolean =>
  isJudged(counts, policy) && counts.failed / counts.executed > policy.errorThreshold;

export const isOverSuccessThreshold = (counts: Tally, policy: RolloutPolicy): boolean =>
  isJudged(counts, policy) && counts.succeeded / counts.executed >= policy.successThreshold;
