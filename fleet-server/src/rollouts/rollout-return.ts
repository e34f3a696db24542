import { chooseRestores } from './rollout-orders.ts';
import type { Member, RolloutPlan, RolloutSnapshot, RolloutStep } from './rollout-snapshot.ts';
import { hasSucceeded, isEnded, isInWork, isRestored, isRestoring } from './rollout-tally.ts';
import { endGone, endSilent, findWakeTime, letGo, plan, rollbackEndsAtMs } from './rollout-times.ts';

/** Who was not ordered yet is let go; who is in work comes to its end or its time-out. */
export function planStopping(snapshot: RolloutSnapshot, nowMs: number): RolloutPlan {
  const ends = [...endGone(snapshot), ...endSilent(snapshot, nowMs)];
  if (ends.length > 0) return plan(ends);
  const gone = letGo(snapshot);
  if (gone.length > 0) return plan(gone);
  if (snapshot.members.some(isInWork)) {
    return plan([], { wakeAtMs: findWakeTime(snapshot, new Map(), nowMs) });
  }
  return plan([{ kind: 'rollout', to: 'stopped', why: 'no device is in work' }]);
}

/** Each device goes back to its own bundle; a device without one keeps what it has. */
export function planRollback(snapshot: RolloutSnapshot, nowMs: number): RolloutPlan {
  const { members, policy } = snapshot;
  const ends = [...endGone(snapshot), ...endSilent(snapshot, nowMs)];
  if (ends.length > 0) return plan(ends);
  const gone = letGo(snapshot);
  if (gone.length > 0) return plan(gone);
  const isOver = nowMs >= rollbackEndsAtMs(snapshot);
  const wanted = isOver ? [] : members.filter((member) => awaitsRestore(member, snapshot));
  const { chosen, held } = chooseRestores(snapshot, wanted, nowMs);
  if (chosen.length > 0) {
    return plan(
      chosen.map(
        ({ deviceId, restore }): RolloutStep => ({
          kind: 'restore',
          deviceId,
          attempt: (restore?.attempts ?? 0) + 1,
        }),
      ),
      { held },
    );
  }
  if (wanted.length > 0 || members.some((member) => isInWork(member) || isRestoring(member))) {
    const alsoMs = isOver ? [] : [rollbackEndsAtMs(snapshot)];
    return plan([], { held, wakeAtMs: findWakeTime(snapshot, held, nowMs, alsoMs) });
  }
  const back = members.filter((member) => mayHaveIt(member, snapshot));
  const why =
    policy.type === 'download_only'
      ? 'nothing of it ran, so no device had to go back; what is kept gives way to the next bundle'
      : `${back.filter(isRestored).length} of ${back.length} devices went back`;
  return plan([{ kind: 'rollout', to: 'rolled_back', why }]);
}

/**
 * A device that fell silent may still come to run the bundle: its order waits for it. One that has a bundle to go back
 * to and had this one already got it by an earlier order. What is only kept runs nowhere.
 */
const mayHaveIt = (member: Member, { policy }: RolloutSnapshot): boolean => {
  const { state, attempts, hasPrevious } = member;
  if (policy.type === 'download_only') return false;
  return hasPrevious && attempts > 0 && (!isEnded(member) || hasSucceeded(member) || state === 'timed_out');
};

function awaitsRestore(member: Member, snapshot: RolloutSnapshot): boolean {
  const { restore, isGone } = member;
  if (isGone || isRestoring(member)) return false;
  if (restore === undefined) return mayHaveIt(member, snapshot);
  return !isRestored(member) && restore.mayRetry && restore.attempts <= snapshot.policy.retries;
}
