import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { DeploymentChange } from '@watchpost/shared/messages/deployment.ts';

/** How far a deployment is, and by which change of which epoch. */
export interface DeploymentProgress {
  readonly state: DeploymentState;
  readonly reason?: string;
  readonly detail?: string;
  readonly epoch?: string;
  readonly seq?: number;
}

/**
 * Where a reported change brings a deployment; undefined leaves it as it is: the change came late, or no path of the
 * lifecycle leads there (nothing leads out of an end). States in between may be missing: the box evicts when it is full.
 */
export function applyChange(
  progress: DeploymentProgress,
  change: DeploymentChange,
): DeploymentProgress | undefined {
  const isLate = progress.epoch === change.epoch && change.seq <= (progress.seq ?? 0);
  if (isLate || !isReachable(progress.state, change.state)) return undefined;
  return {
    state: change.state,
    epoch: change.epoch,
    seq: change.seq,
    ...(change.reason === undefined ? {} : { reason: change.reason }),
    ...(change.detail === undefined ? {} : { detail: change.detail }),
  };
}

/** A state that is not an end may also be renewed, with a new detail. */
function isReachable(from: DeploymentState, to: DeploymentState): boolean {
  if (from === to) return DEPLOYMENT_LIFECYCLE[from].length > 0;
  const seen = new Set<DeploymentState>([from]);
  for (const state of seen) {
    for (const next of DEPLOYMENT_LIFECYCLE[state]) seen.add(next);
  }
  return seen.has(to);
}
