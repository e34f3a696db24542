import type { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import type { Member } from './rollout-snapshot.ts';
import { hasFailed, hasSucceeded, isDownloading, isInWork, isWaitingForQuiet } from './rollout-tally.ts';

/**
 * Share of the devices that fail. A failure is told within seconds, a success after a probation: of those executed
 * first, nearly all failed, however few of the group do. So each failure counts among all that came as far as it did
 * (Kaplan and Meier): the executed, and those at work for as long as it took. Once nobody is at work any more, it is
 * the share of the executed, and before that never a larger one.
 */
export function estimateFailed01(members: readonly Member[], policy: RolloutPolicy, nowMs: number): number {
  const failures = members.filter((member) => hasFailed(member, policy)).map(failedAfterMs);
  const atWork = members.filter(isSeenAtWork).map(({ orderedAtMs = nowMs }) => nowMs - orderedAtMs);
  const succeeded = members.filter(hasSucceeded).length;
  failures.sort(ascending);
  atWork.sort(ascending);
  let fine01 = 1;
  let passed = 0;
  for (const [before, afterMs] of failures.entries()) {
    while ((atWork[passed] ?? Number.POSITIVE_INFINITY) < afterMs) passed += 1;
    const cameAsFar = succeeded + failures.length - before + atWork.length - passed;
    fine01 *= 1 - 1 / cameAsFar;
  }
  return 1 - fine01;
}

const ascending = (one: number, other: number): number => (one < other ? -1 : Number(one > other));

/** Who fell silent tells nothing of those at work: any of them may fall silent still. */
const failedAfterMs = ({ state, orderedAtMs = 0, changedAtMs = orderedAtMs }: Member): number =>
  state === 'timed_out' ? Number.POSITIVE_INFINITY : changedAtMs - orderedAtMs;

/** It has the bundle, tries it, and would tell what goes wrong. */
const isSeenAtWork = (member: Member): boolean =>
  member.isConnected && isInWork(member) && !isDownloading(member) && !isWaitingForQuiet(member);
