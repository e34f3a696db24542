import type { FleetPresence, FleetProjection } from '../devices/port.ts';
import type { RolloutMember, RolloutStore } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { NO_ORDERS, performSteps, type StepChange } from './perform-steps.ts';
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
 * @returns what was stored; undefined when the rollout changed meanwhile, and nothing was
 */
export type RolloutExecutor = (
  live: LiveRollout,
  steps: readonly RolloutStep[],
) => Promise<StepChange | undefined>;

export function createRolloutExecutor(deps: RolloutExecutorDeps): RolloutExecutor {
  return async (live, steps) => {
    const orders = steps.flatMap((step) => toOrder(live, step));
    if (orders.length === 0) return apply(deps, performSteps(live, steps, NO_ORDERS, deps.nowMs()));
    const previous = await readPrevious(deps, live, steps);
    let stored: StepChange | undefined;
    await deps.director.deployAll(orders, async (signed) => {
      const given = { ...indexOrders(signed), previousOf: (id: string) => previous.get(id) };
      stored = await apply(deps, performSteps(live, steps, given, deps.nowMs()));
      return stored !== undefined;
    });
    return stored;
  };
}

async function apply(deps: RolloutExecutorDeps, change: StepChange): Promise<StepChange | undefined> {
  if (!(await deps.rollouts.apply(change))) return undefined;
  for (const { deploymentId, state, reason, detail, atMs } of change.ends) {
    const member = change.members.find((it) => [it.deploymentId, it.restoreId].includes(deploymentId));
    const shown = member && deps.presence.standing(member.deviceId)?.deployment;
    if (shown?.id !== deploymentId) continue;
    deps.projection.setDeployment({ ...shown, state, reason, detail, updatedAtMs: atMs });
  }
  return change;
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
  return [{ deviceId, bundleDigest: rollout.bundleDigest, liftQuarantine: member.isRetried }];
}

/** What each device runs before its first order: the way back of this very device. */
async function readPrevious(
  { presence, ranBefore }: RolloutExecutorDeps,
  { members }: LiveRollout,
  steps: readonly RolloutStep[],
): Promise<ReadonlyMap<string, string>> {
  const previous = new Map<string, string>();
  for (const step of steps) {
    if (step.kind !== 'order' || isKnown(members.get(step.deviceId))) continue;
    const { deviceId } = step;
    const digest = presence.standing(deviceId)?.activeDigest ?? (await ranBefore(deviceId));
    if (digest !== undefined) previous.set(deviceId, digest);
  }
  return previous;
}

const isKnown = (member: RolloutMember | undefined): boolean => member?.previousDigest !== undefined;

function indexOrders({ deployments, refusals }: SignedOrders) {
  return {
    deployments: new Map(deployments.map((deployment) => [deployment.deviceId, deployment])),
    refusals: new Map(
      refusals.map(({ deviceId, error: { code, message } }) => [deviceId, { code, message }]),
    ),
  };
}
