import { RolloutPreview, type RolloutRequest, RolloutView } from '@watchpost/shared/api/rollouts.ts';
import { SavedFilter, SavedPolicy } from '@watchpost/shared/api/targeting.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, CommandInput } from './command.ts';
import { PLAN_OPTIONS, ROLLOUT_OPTIONS, type RolloutWish, readWish } from './rollout-flags.ts';
import { formatPlan } from './rollout-plan-text.ts';
import { formatRollout } from './rollout-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { readRolloutFile } from './yaml-rollout-file.ts';

/** Thousands of devices are cut into groups and judged. */
const LIMIT_MS = 120_000;

export const rolloutPlan: Command = {
  description: `Shows what a rollout would do: its groups, the devices that would be rejected and why, other rollouts that
mean the same devices, and the whole policy. Changes nothing. Takes what \`fleetctl rollout create\` takes.`,
  positionals: [],
  options: { ...SERVER_OPTIONS, ...PLAN_OPTIONS, ...ROLLOUT_OPTIONS },
  run: async (input) => {
    const wish = await readRequest(input);
    const json = await withServer(input, async (api) => {
      const { version, bundleDigest, filter, groups, seed, policy } = await loadNamed(api, input, wish);
      const request = { version, bundleDigest, filter, groups, seed, policy };
      return api.post('rollouts/plan', request, RolloutPreview, LIMIT_MS);
    });
    return { text: formatPlan(json), json };
  },
};

export const rolloutCreate: Command = {
  description: `Makes a rollout: a released version goes to its devices group by group, and a group is finished when enough of
its devices succeeded, it has soaked and its gates hold. It waits for \`fleetctl rollout start\` unless --start or --start-at is
given, and first for \`fleetctl rollout approve\` by somebody else with --approval.

fleetctl rollout create --model pets@1.2.0 --filter 'tag:night' --canary 1,5,25,100 --soak 10m --on-error rollback --start

With --type soft devices download at once, and install when no camera sees anything, after --soft-hours at the latest. With
--type download_only they keep the verified bundle on the disk: the next forced rollout of it installs without a download. Devices
whose agent knows no such orders are rejected.

A file has the same names as the API: version, filter, groups, policy (successThreshold, soakSeconds, …).`,
  positionals: [],
  options: { ...SERVER_OPTIONS, ...PLAN_OPTIONS, ...ROLLOUT_OPTIONS },
  run: async (input) => {
    const wish = await readRequest(input);
    const json = await withServer(input, async (api) => {
      const named = await loadNamed(api, input, wish);
      const name = named.name ?? named.version ?? `bundle ${named.bundleDigest?.slice(0, 12)}`;
      const request: RolloutWish & Pick<RolloutRequest, 'name'> = { ...named, name };
      return api.post('rollouts', request, RolloutView, LIMIT_MS);
    });
    return { text: formatRollout(json), json };
  },
};

/** @throws AppError USAGE | FILE_UNREADABLE | ROLLOUT_INVALID */
async function readRequest({ values }: CommandInput): Promise<RolloutWish> {
  const path = values.text('file');
  const wish = readWish(values, path === undefined ? {} : await readRolloutFile(path));
  if (wish.version === undefined && wish.bundleDigest === undefined)
    throw serverError('USAGE', '--model is missing: what is rolled out, as NAME@VERSION');
  if (values.text('saved') !== undefined && values.text('filter') !== undefined)
    throw serverError('USAGE', '--filter and --saved both say whom it means: give one');
  return wish;
}

/** With the filter and the policy that were named; what else is said of the policy goes before it. */
async function loadNamed(api: ApiClient, { values }: CommandInput, wish: RolloutWish): Promise<RolloutWish> {
  const [saved, policy] = [values.text('saved'), values.text('policy')];
  const filters =
    saved === undefined ? [] : [await api.get(`filters/${encodeURIComponent(saved)}`, SavedFilter)];
  const policies =
    policy === undefined ? [] : [await api.get(`policies/${encodeURIComponent(policy)}`, SavedPolicy)];
  return {
    ...wish,
    ...filters.map(({ filter }) => ({ filter }))[0],
    ...policies.map((named) => ({ policy: { ...named.policy, ...wish.policy } }))[0],
  };
}
