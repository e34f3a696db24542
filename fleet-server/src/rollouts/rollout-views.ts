import type {
  RolloutCounts,
  RolloutGroupView,
  RolloutMemberView,
  RolloutSummary,
  RolloutView,
} from '@watchpost/shared/api/rollouts.ts';
import type { FailureType } from '@watchpost/shared/rollout/policy.ts';
import type { RolloutGroupRecord, RolloutMember, RolloutRecord, RolloutStanding } from '../store/port.ts';
import { restoreStateOf, stateOf } from './live-rollout.ts';
import { hasSucceeded, isEnded } from './rollout-tally.ts';

const NOTHING: RolloutCounts = {
  total: 0,
  waiting: 0,
  inWork: 0,
  succeeded: 0,
  failed: 0,
  rejected: 0,
  other: 0,
  restored: 0,
};

/** Devices by how they stand; one that failed counts as failed, whether it is to be tried again or not. */
export function countStandings(
  { policy }: Pick<RolloutRecord, 'policy'>,
  standings: readonly RolloutStanding[],
): RolloutCounts {
  const counts = { ...NOTHING };
  for (const standing of standings) {
    const { devices, restoreState } = standing;
    counts.total += devices;
    counts[sort(standing, policy.failureTypes)] += devices;
    if (restoreState !== undefined && hasSucceeded({ state: restoreState })) counts.restored += devices;
  }
  return counts;
}

function sort(
  { state, isOrdered }: RolloutStanding,
  failureTypes: readonly FailureType[],
): Exclude<keyof RolloutCounts, 'total' | 'restored'> {
  if (!isEnded({ state })) return isOrdered ? 'inWork' : 'waiting';
  if (hasSucceeded({ state })) return 'succeeded';
  if (state === 'rejected') return 'rejected';
  return isOrdered && failureTypes.includes(state as FailureType) ? 'failed' : 'other';
}

export function viewGroups(
  rollout: Pick<RolloutRecord, 'policy'>,
  groups: readonly RolloutGroupRecord[],
  standings: readonly RolloutStanding[],
): RolloutGroupView[] {
  return groups.map(({ index, name, state, soakingSinceMs }) => ({
    number: index + 1,
    name,
    state,
    ...(soakingSinceMs !== undefined && { soakingSinceMs }),
    counts: countStandings(
      rollout,
      standings.filter(({ group }) => group === index),
    ),
  }));
}

type Fields = Omit<RolloutSummary, 'counts' | 'groups' | 'group'>;

function viewFields(rollout: RolloutRecord): Fields {
  const { id, name, state, why, bundleDigest, model, version, filter, priority } = rollout;
  const { requiresApproval, createdBy, createdAtMs, startAtMs, startedAtMs, endedAtMs } = rollout;
  return {
    ...{ id, name, state, why, bundleDigest, model, version, priority },
    ...{ requiresApproval, createdBy, createdAtMs },
    ...(filter !== undefined && { filter }),
    ...(startAtMs !== undefined && { startAtMs }),
    ...(startedAtMs !== undefined && { startedAtMs }),
    ...(endedAtMs !== undefined && { endedAtMs }),
  };
}

export function viewSummary(
  rollout: RolloutRecord,
  groups: readonly RolloutGroupRecord[],
  standings: readonly RolloutStanding[],
): RolloutSummary {
  const current = groups.find(({ state }) => state !== 'finished');
  return {
    ...viewFields(rollout),
    counts: countStandings(rollout, standings),
    groups: groups.length,
    ...(current !== undefined && { group: current.index + 1 }),
  };
}

export function viewRollout(
  rollout: RolloutRecord,
  groups: readonly RolloutGroupRecord[],
  standings: readonly RolloutStanding[],
  now: Pick<RolloutView, 'held' | 'gates'>,
): RolloutView {
  return {
    ...viewFields(rollout),
    policy: rollout.policy,
    seed: rollout.seed,
    counts: countStandings(rollout, standings),
    groups: viewGroups(rollout, groups, standings),
    ...now,
  };
}

export function viewMember(member: RolloutMember): RolloutMemberView {
  const { deviceId, group, attempts, deploymentId, orderedAtMs, progress, end, previousDigest } = member;
  const { reason, detail } = progress ?? end ?? {};
  const restore = restoreStateOf(member);
  const back = member.restoreEnd ?? member.restoreProgress;
  return {
    ...{ deviceId, group: group + 1, state: stateOf(member), attempts, isExcused: member.isExcused },
    ...(deploymentId !== undefined && { deploymentId }),
    ...(orderedAtMs !== undefined && { orderedAtMs }),
    ...(progress !== undefined && { changedAtMs: progress.updatedAtMs }),
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail }),
    ...(previousDigest !== undefined && { previousDigest }),
    ...(restore !== undefined && {
      restore: {
        state: restore,
        ...(member.restoreId !== undefined && { deploymentId: member.restoreId }),
        ...(back?.reason !== undefined && { reason: back.reason }),
        ...(back?.detail !== undefined && { detail: back.detail }),
      },
    }),
  };
}
