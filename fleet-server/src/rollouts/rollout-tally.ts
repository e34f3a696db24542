import { DEPLOYMENT_LIFECYCLE } from '@watchpost/shared/lifecycle/deployment.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { FailureType, RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { Member } from './rollout-snapshot.ts';

const SUCCESSES = ['success', 'already_installed'];
const DOWNLOADING = ['pending', 'queued', 'downloading'];

export const isEnded = ({ state }: Pick<Member, 'state'>): boolean => isTerminal(DEPLOYMENT_LIFECYCLE, state);
export const hasSucceeded = ({ state }: Pick<Member, 'state'>): boolean => SUCCESSES.includes(state);
/** Ordered, and not at its end. */
export const isInWork = (member: Pick<Member, 'state' | 'attempts'>): boolean =>
  member.attempts > 0 && !isEnded(member);
export const isDownloading = (member: Pick<Member, 'state' | 'attempts'>): boolean =>
  isInWork(member) && DOWNLOADING.includes(member.state);

/** It failed, and is to be tried again. A rejection never is. */
export function awaitsRetry(member: Member, { retries, failureTypes }: RolloutPolicy): boolean {
  const isFailure = failureTypes.includes(member.state as FailureType);
  return isFailure && member.mayRetry && member.attempts > 0 && member.attempts <= retries;
}

/** Never ordered, or to be ordered again. */
export const isWaiting = (member: Member, policy: RolloutPolicy): boolean =>
  (member.attempts === 0 && !isEnded(member)) || awaitsRetry(member, policy);

/** Counts of devices. Those that were never ordered are neither successes nor failures. */
export interface Tally {
  readonly total: number;
  /** Those the thresholds can ever speak of: neither rejected, aborted nor gone. */
  readonly eligible: number;
  /** At an end that counts. */
  readonly executed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly inWork: number;
  readonly waiting: number;
}

export function tally(members: readonly Member[], policy: RolloutPolicy): Tally {
  const count = (matches: (member: Member) => boolean): number => members.filter(matches).length;
  const succeeded = count(hasSucceeded);
  const failed = count((member) => hasFailed(member, policy));
  const inWork = count(isInWork);
  const waiting = count((member) => isWaiting(member, policy));
  const executed = succeeded + failed;
  return {
    total: members.length,
    eligible: executed + inWork + waiting,
    executed,
    succeeded,
    failed,
    inWork,
    waiting,
  };
}

export function hasFailed(member: Member, policy: RolloutPolicy): boolean {
  const isFailure = policy.failureTypes.includes(member.state as FailureType);
  return isFailure && member.attempts > 0 && !awaitsRetry(member, policy);
}

/** Whether enough devices were executed to look at thresholds; a group smaller than the minimum needs all it has. */
export function isJudged({ executed, eligible }: Tally, { minExecuted }: RolloutPolicy): boolean {
  return executed > 0 && executed >= Math.min(minExecuted, eligible);
}

export const isOverErrorThreshold = (counts: Tally, policy: RolloutPolicy): boolean =>
  isJudged(counts, policy) && counts.failed / counts.executed > policy.errorThreshold;

export const isOverSuccessThreshold = (counts: Tally, policy: RolloutPolicy): boolean =>
  isJudged(counts, policy) && counts.succeeded / counts.executed >= policy.successThreshold;
