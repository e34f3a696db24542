import type { GroupPlan, RolloutPlanRequest } from '@watchpost/shared/api/rollouts.ts';
import { createProblemFinder, listProblems } from '@watchpost/shared/kernel/parse.ts';
import { mayDeploy } from '@watchpost/shared/lifecycle/model-version.ts';
import { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import { Default } from 'typebox/value';
import { serverError } from '../kernel/errors.ts';
import type { BundleRecord, BundleStore } from '../store/port.ts';
import type { TargetDevice, Targeting } from '../targeting/port.ts';
import { DEFAULT_CANARY, type PlannedGroup, planGroups } from './plan-groups.ts';
import type { WindowClock } from './port.ts';

export interface DraftDeps {
  readonly bundles: Pick<BundleStore, 'find' | 'findVersion'>;
  readonly targeting: Pick<Targeting, 'listDevices' | 'match' | 'admission'>;
  readonly windows: WindowClock;
  /** A new unguessable id. */
  readonly newId: () => string;
}

/** A rollout that is thought through, and not stored. */
export interface RolloutDraft {
  readonly bundle: BundleRecord;
  readonly policy: RolloutPolicy;
  readonly groupPlan: GroupPlan;
  readonly seed: string;
  readonly devices: readonly TargetDevice[];
  readonly groups: readonly PlannedGroup[];
}

const findPolicyProblems = createProblemFinder(RolloutPolicy);

/**
 * Who would be brought to what, in which order.
 * @throws AppError NOT_FOUND | VERSION_STATE | ROLLOUT_INVALID | FILTER_INVALID | STORE_FAILED
 */
export async function draftRollout(deps: DraftDeps, request: RolloutPlanRequest): Promise<RolloutDraft> {
  const bundle = await findBundle(deps, request);
  const policy = readPolicy(deps, request.policy ?? {});
  const { filter, groups: groupPlan = { canary: [...DEFAULT_CANARY] } } = request;
  requireGroups(groupPlan);
  const { targeting } = deps;
  const devices = filter === undefined ? await targeting.listDevices() : await targeting.match(filter);
  const seed = request.seed ?? deps.newId().slice(0, 8);
  const matches = await matchGroups(deps, groupPlan);
  return {
    bundle,
    policy,
    groupPlan,
    seed,
    devices,
    groups: planGroups(devices, groupPlan, seed, matches),
  };
}

async function findBundle(
  { bundles }: DraftDeps,
  { bundleDigest, version }: RolloutPlanRequest,
): Promise<BundleRecord> {
  if ((bundleDigest === undefined) === (version === undefined)) {
    throw serverError('ROLLOUT_INVALID', 'a rollout needs either bundleDigest or version');
  }
  const [model = '', number = ''] = version?.split('@') ?? [];
  const bundle =
    bundleDigest === undefined ? await bundles.findVersion(model, number) : await bundles.find(bundleDigest);
  const name = version ?? `bundle ${bundleDigest}`;
  if (bundle === undefined) throw serverError('NOT_FOUND', `${name} is not in the registry`);
  if (!mayDeploy(bundle.state)) throw serverError('VERSION_STATE', `${name} is ${bundle.state}`);
  return bundle;
}

/** What is left out is as the schema has it. */
function readPolicy({ windows }: DraftDeps, given: object): RolloutPolicy {
  const policy = Default(RolloutPolicy, structuredClone(given)) as RolloutPolicy;
  const problems = findPolicyProblems(policy);
  if (problems.length > 0) throw serverError('ROLLOUT_INVALID', `policy: ${listProblems(problems)}`);
  if (policy.softHours !== undefined && policy.type !== 'soft') {
    throw serverError('ROLLOUT_INVALID', `policy: softHours is of type soft, this is ${policy.type}`);
  }
  if (policy.rate.max < policy.rate.base) {
    throw serverError('ROLLOUT_INVALID', 'policy: rate.max is below rate.base');
  }
  if (policy.window !== undefined) windows.check(policy.window);
  return policy;
}

function requireGroups(plan: GroupPlan): void {
  if ('canary' in plan) {
    const rises = plan.canary.every((percent, index) => percent > (plan.canary[index - 1] ?? 0));
    if (!rises) throw serverError('ROLLOUT_INVALID', 'groups: the percents of a canary rise');
    return;
  }
  for (const [index, { count, percent, filter }] of plan.list.entries()) {
    const isSound =
      (count === undefined || percent === undefined) &&
      (count !== undefined || percent !== undefined || filter !== undefined);
    if (!isSound) {
      throw serverError(
        'ROLLOUT_INVALID',
        `groups: number ${index + 1} needs count or percent, or a filter, and not both of the first`,
      );
    }
  }
}

async function matchGroups(
  { targeting }: DraftDeps,
  plan: GroupPlan,
): Promise<readonly (ReadonlySet<string> | undefined)[]> {
  if ('canary' in plan) return [];
  return Promise.all(
    plan.list.map(async ({ filter }) =>
      filter === undefined ? undefined : new Set((await targeting.match(filter)).map(({ id }) => id)),
    ),
  );
}
