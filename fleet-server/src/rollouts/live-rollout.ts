import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { DeploymentRecord, RolloutGroupRecord, RolloutMember, RolloutRecord } from '../store/port.ts';

/** A rollout under way, in memory: what is stored, with what was reported since. */
export interface LiveRollout {
  readonly rollout: RolloutRecord;
  readonly groups: readonly RolloutGroupRecord[];
  /** In the order in which they are taken. */
  readonly members: ReadonlyMap<string, RolloutMember>;
}

/** States in which a planner has something to do. */
export const ACTIVE_STATES: readonly RolloutState[] = [
  'scheduled',
  'running',
  'paused',
  'stopping',
  'rolling_back',
];

export const stateOf = ({ progress, end }: RolloutMember): DeploymentState =>
  progress?.state ?? end?.state ?? 'pending';

/** Of the way back; undefined while there is none. */
export function restoreStateOf(member: RolloutMember): DeploymentState | undefined {
  const { restoreAttempts, restoreProgress, restoreEnd } = member;
  if (restoreAttempts === 0) return undefined;
  return restoreEnd?.state ?? restoreProgress?.state ?? 'pending';
}

const isOpen = (state: DeploymentState): boolean => !isTerminal(DEPLOYMENT_LIFECYCLE, state);

/** The rollout has the device in work: on its way, or on its way back. */
export function hasInWork(member: RolloutMember): boolean {
  const restore = restoreStateOf(member);
  return (member.attempts > 0 && isOpen(stateOf(member))) || (restore !== undefined && isOpen(restore));
}

/** @returns the device as its deployment says it stands now; undefined where that is none of this rollout */
export function foldReport(
  member: RolloutMember,
  { id, state, reason, detail, updatedAtMs }: DeploymentRecord,
): RolloutMember | undefined {
  const progress = {
    state,
    updatedAtMs,
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail }),
  };
  if (member.deploymentId === id) return { ...member, progress };
  return member.restoreId === id ? { ...member, restoreProgress: progress } : undefined;
}
