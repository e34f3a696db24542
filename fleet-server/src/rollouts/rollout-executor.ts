import type { FleetPresence, FleetProjection } from '../devices/port.ts';
import type { RolloutStore } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { NO_ORDERS, type Orders, performSteps, type StepChange } from './perform-steps.ts';
import type { DeviceOrder, Director, SignedOrders } from './port.ts';
import type { RolloutStep } from './rollout-snapshot.ts';

export interface RolloutExecutorDeps {
  readonly rollouts: Pick<RolloutStore, 'apply'>;
  readonly director: Pick<Director, 'deployAll'>;
  readonly presence: FleetPresence;
  readonly projection: Pick<FleetProjection, 'setDeployment'>;
  /** What a device ran last, by what it told; undefined when it told nothing. */
  readonly ranBefore: (deviceId: string) => Promise<string | undefined>;
  readonly nowMs: () => number;
}

/**
 * Performs steps: stored in one transaction, and only then sent. Killed anywhere, the steps are as if never made, or
 * stored and sent again.
 * @param onStored told what was stored, before anything is sent: a box may answer while others are still being ordered
 * @returns false when the rollout changed meanwhile, and nothing was stored
 */
export type RolloutExecutor = (
  live: LiveRollout,
  steps: readonly RolloutStep[],
  onStored: (change: StepChange) => void,
) => Promise<boolean>;

export function createRolloutExecutor(deps: RolloutExecutorDeps): RolloutExecutor {
  return async (live, steps, onStored) => {
    const orders = steps.flatMap((step) => toOrder(live, step));
    const store = (given: Orders): Promise<boolean> =>
      apply(deps, performSteps(live, steps, given, deps.nowMs()), onStored);
    if (orders.length === 0) return store(NO_ORDERS);
    const running = await readRunning(deps, steps);
    let isStored = false;
    await deps.director.deployAll(orders, async (signed) => {
      isStored = await store({ ...indexOrders(signed), runningOf: (id) => running.get(id) });
      return isStored;
    });
    return isStored;
  };
}

async function apply(
  deps: RolloutExecutorDeps,
  change: StepChange,
  onStored: (change: StepChange) => void,
): Promise<boolean> {
  if (!(await deps.rollouts.apply(change))) return false;
  onStored(change);
  for (const { deploymentId, state, reason, detail, atMs } of change.ends) {
    const member = change.members.find((it) => [it.deploymentId, it.restoreId].includes(deploymentId));
    const shown = member && deps.presence.standing(member.deviceId)?.deployment;
    if (shown?.id !== deploymentId) continue;
    deps.projection.setDeployment({ ...shown, state, reason, detail, updatedAtMs: atMs });
  }
  return true;
}

/** A device that is tried again because a person asked takes the bundle out of its quarantine. */
function toOrder({ rollout, members }: LiveRollout, step: RolloutStep): readonly DeviceOrder[] {
  if (step.kind !== 'order' && step.kind !== 'restore') return [];
  const { deviceId } = step;
  const member = members.get(deviceId);
  if (member === undefined) return [];
  if (step.kind === 'restore') {
    const { previousDigest } = member;
    return previousDigest === undefined ? [] : [{ deviceId, bundleDigest: previousDigest }];
  }
  const { bundleDigest, policy } = rollout;
  const { softUntilMs } = step;
  return [
    {
      ...{ deviceId, bundleDigest, type: policy.type, liftQuarantine: member.isRetried },
      ...(softUntilMs !== undefined && { softUntilMs }),
    },
  ];
}

/** What each device runs when it is ordered: the way back of this very device. */
async function readRunning(
  { presence, ranBefore }: RolloutExecutorDeps,
  steps: readonly RolloutStep[],
): Promise<ReadonlyMap<string, string>> {
  const running = new Map<string, string>();
  for (const step of steps) {
    if (step.kind !== 'order') continue;
    const { deviceId } = step;
    const digest = presence.standing(deviceId)?.activeDigest ?? (await ranBefore(deviceId));
    if (digest !== undefined) running.set(deviceId, digest);
  }
  return running;
}

function indexOrders({ deployments, refusals }: SignedOrders) {
  return {
    deployments: new Map(deployments.map((deployment) => [deployment.deviceId, deployment])),
    refusals: new Map(
      refusals.map(({ deviceId, error: { code, message } }) => [deviceId, { code, message }]),
    ),
  };
}
