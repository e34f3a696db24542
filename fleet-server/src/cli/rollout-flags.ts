import type { GroupPlan, GroupSpec, RolloutRequest } from '@watchpost/shared/api/rollouts.ts';
import { serverError } from '../kernel/errors.ts';
import type { OptionSpec, OptionValues } from './command.ts';
import { POLICY_OPTIONS, readPolicy } from './rollout-policy-flags.ts';

/** What a file and the options ask for; complete once both are read. */
export type RolloutWish = Partial<RolloutRequest>;

/** Options that say what goes where, and how. */
export const PLAN_OPTIONS = {
  file: {
    value: 'FILE',
    short: 'f',
    description:
      'YAML or JSON with what the API takes: version, filter, groups, policy; options go before it',
  },
  model: { value: 'NAME@VERSION', description: 'what is rolled out: pets@1.2.0' },
  bundle: { value: 'DIGEST', description: 'the same by its bundle' },
  filter: { value: 'FILTER', description: 'whom it means; default: every accepted device' },
  saved: { value: 'NAME', description: 'whom it means, by a saved filter' },
  canary: { value: 'PERCENTS', description: 'percents reached after each group; default 1,5,25,100' },
  groups: { value: 'N', description: 'instead: so many groups of the same size' },
  group: {
    value: 'name=…,count=N|percent=P,filter=…',
    description: 'instead: a group by itself; filter comes last. May be given again; who is left comes last',
    multiple: true,
  },
  seed: { value: 'TEXT', description: 'the same seed draws the same groups' },
  policy: { value: 'NAME', description: 'a saved policy, under what the file and the options say' },
  ...POLICY_OPTIONS,
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** Options of a rollout that is made. */
export const ROLLOUT_OPTIONS = {
  name: { value: 'TEXT', description: 'how people speak of it; default: the model' },
  priority: {
    value: 'N',
    description: '0 to 1000: which of two rollouts has a device they both mean; default 100',
  },
  'start-at': { value: 'TIME', description: 'when it starts by itself: 2026-03-01T02:00:00Z' },
  start: { description: 'start it as soon as it may' },
  approval: { description: 'somebody else has to approve it first' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** `wish` with what the options say. @throws AppError USAGE naming the option */
export function readWish(values: OptionValues, wish: RolloutWish): RolloutWish {
  const policy = { ...wish.policy, ...readPolicy(values) };
  const { version, bundleDigest, ...rest } = wish;
  const target = readTarget(values) ?? {
    ...(version !== undefined && { version }),
    ...(bundleDigest !== undefined && { bundleDigest }),
  };
  const groups = readGroups(values) ?? wish.groups;
  return {
    ...rest,
    ...target,
    ...readText(values, 'filter', 'seed', 'name'),
    ...(groups !== undefined && { groups }),
    ...(Object.keys(policy).length > 0 && { policy }),
    ...readStart(values),
  };
}

function readText(values: OptionValues, ...names: readonly ('filter' | 'seed' | 'name')[]): RolloutWish {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = values.text(name);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function readTarget(values: OptionValues): RolloutWish | undefined {
  const [version, bundleDigest] = [values.text('model'), values.text('bundle')];
  if (version !== undefined && bundleDigest !== undefined)
    throw serverError('USAGE', '--model and --bundle both say what is rolled out: give one');
  if (version !== undefined) return { version };
  return bundleDigest === undefined ? undefined : { bundleDigest };
}

function readStart(values: OptionValues): RolloutWish {
  const at = values.text('start-at');
  const startAtMs = at === undefined ? undefined : Date.parse(at);
  if (Number.isNaN(startAtMs))
    throw serverError('USAGE', `--start-at "${at}" is not a time such as 2026-03-01T02:00:00Z`);
  return {
    ...(startAtMs !== undefined && { startAtMs }),
    ...(values.text('priority') !== undefined && { priority: values.integer('priority', 0) }),
    ...(values.isSet('approval') && { requiresApproval: true }),
    ...(values.isSet('start') && { start: true }),
  };
}

/** @throws AppError USAGE */
function readGroups(values: OptionValues): GroupPlan | undefined {
  const [canary, equal] = [values.text('canary'), values.text('groups')];
  const list = values.texts('group');
  const ways = [canary, equal, list[0]].filter((way) => way !== undefined);
  if (ways.length > 1) throw serverError('USAGE', 'give one of --canary, --groups and --group');
  if (canary !== undefined) return { canary: readPercents(canary) };
  if (equal !== undefined) return { canary: cutEqually(values.integer('groups', 0)) };
  return list.length === 0 ? undefined : { list: list.map(readGroup) };
}

function readPercents(text: string): number[] {
  const percents = text.split(',').map((part) => Number(part.trim() || Number.NaN));
  const isRising = percents.every((percent, index) => percent > (percents[index - 1] ?? 0) && percent <= 100);
  if (!isRising) throw serverError('USAGE', `--canary "${text}" is not percents that rise: 1,5,25,100`);
  return percents;
}

function cutEqually(groups: number): number[] {
  if (groups < 1 || groups > 32) throw serverError('USAGE', '--groups is a number from 1 to 32');
  return Array.from({ length: groups }, (_, index) => ((index + 1) * 100) / groups);
}

/** A filter may hold commas, so it is the last part and takes all that follows. */
function readGroup(text: string): GroupSpec {
  const [, head = '', filter] = /^(.*?)(?:(?:^|,)filter=(.*))?$/s.exec(text) ?? [];
  const parts = head.split(',').filter((part) => part !== '');
  const spec = Object.fromEntries(parts.map((part) => readGroupPart(part, text)));
  return { ...spec, ...(filter !== undefined && { filter }) };
}

function readGroupPart(part: string, text: string): readonly [string, string | number] {
  const [, key = '', value = ''] = /^(name|count|percent)=(.+)$/.exec(part) ?? [];
  if (key === 'name') return [key, value];
  const number = Number(value.replace(/%$/, ''));
  if (key === '' || !(number > 0))
    throw serverError('USAGE', `--group "${text}" is not name=…,count=N or percent=P,filter=…`);
  return [key, number];
}
