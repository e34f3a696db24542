import { DeviceList } from '@watchpost/shared/api/fleet.ts';
import { RolloutList, type RolloutSummary } from '@watchpost/shared/api/rollouts.ts';
import {
  DeviceGroupList,
  SavedFilterList,
  SavedPolicyList,
  SiteList,
} from '@watchpost/shared/api/targeting.ts';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import Type from 'typebox';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, CommandInput, CommandResult } from './command.ts';
import { printable } from './deployment-text.ts';
import type { FleetFile, FoundFleet } from './fleet-file.ts';
import { planApply } from './plan-apply.ts';
import type { FleetChange } from './plan-change.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { wrapText } from './table.ts';
import { readFleetFile } from './yaml-fleet-file.ts';

const WIDTH = 100;

export const apply: Command = {
  description: `Brings sites, device groups, saved filters, policies, what is said of devices and the models they run to what a YAML file says. It shows what would
change, asks, and then changes it; a second time there is nothing to do. What the file does not name stays, unless --prune is given.`,
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    file: {
      value: 'FILE',
      short: 'f',
      description: 'what it is to be: sites, devices, groups, filters, policies, models',
    },
    'dry-run': { description: 'only show what would change' },
    yes: { description: 'do not ask' },
    prune: {
      description: 'remove what the file does not name, of the kinds it has; never a device or model',
    },
  },
  run: async (input) => {
    const file = await readFleetFile(input.values.requireText('file'));
    return withServer(input, async (api) => {
      const plan = planApply(file.wanted, await loadFleet(api, file.wanted), input.values.isSet('prune'));
      if (plan.kind === 'unsound') throw file.refuse(plan.problems);
      return perform(input, api, plan.changes);
    });
  },
};

async function loadFleet(api: ApiClient, wanted: FleetFile): Promise<FoundFleet> {
  const { sites } = await api.get('sites', SiteList);
  const { groups } = await api.get('groups', DeviceGroupList);
  const { filters } = await api.get('filters', SavedFilterList);
  const { policies } = await api.get('policies', SavedPolicyList);
  const { devices } = await api.get('devices', DeviceList);
  return {
    devices,
    filters,
    policies,
    rollouts: await loadRollouts(api, Object.keys(wanted.models ?? {})),
    sites: sites.map(({ devices: _devices, ...site }) => site),
    groups: groups.map(({ members: _members, ...group }) => group),
  };
}

/** The newest rollouts, as far back as there are those of every name. */
async function loadRollouts(api: ApiClient, names: readonly string[]): Promise<FoundFleet['rollouts']> {
  const found: RolloutSummary[] = [];
  let before = '';
  while (names.some((name) => found.every((rollout) => rollout.name !== name))) {
    const page = await api.get(`rollouts?limit=50${before}`, RolloutList);
    found.push(...page.rollouts);
    if (page.next === undefined) break;
    before = `&before=${page.next}`;
  }
  return found;
}

async function perform(
  input: CommandInput,
  api: ApiClient,
  changes: readonly FleetChange[],
): Promise<CommandResult> {
  const shown = changes.map(({ verb, what, id, lines }) => ({ verb, what, id, lines }));
  if (changes.length === 0) return { text: 'nothing to do', json: { changes: shown, applied: true } };
  for (const line of changes.flatMap(formatChange)) input.progress(line, 'done');
  const summary = summarise(changes);
  if (input.values.isSet('dry-run'))
    return { text: `${summary}; nothing was changed`, json: { changes: shown, applied: false } };
  if (!(await mayGoOn(input, summary)))
    return { text: 'nothing was changed', json: { changes: shown, applied: false } };
  for (const [index, change] of changes.entries()) {
    input.progress(`${index + 1} of ${changes.length}: ${change.what} ${change.id}`, 'moving');
    await send(api, change);
  }
  return { text: `done: ${summary}`, json: { changes: shown, applied: true } };
}

/** @throws AppError USAGE where nobody can be asked */
async function mayGoOn({ values, confirm }: CommandInput, summary: string): Promise<boolean> {
  if (values.isSet('yes')) return true;
  if (confirm === undefined) throw serverError('USAGE', '--yes is missing, and nobody is there to ask');
  return confirm(`${summary}. Go on?`);
}

/** The server's error, at the place of the file that led to it. */
async function send(api: ApiClient, { what, id, request }: FleetChange): Promise<void> {
  try {
    if (request.method === 'DELETE') await api.delete(request.path);
    else if (request.method === 'POST') await api.post(request.path, request.body, Type.Unknown());
    else if (request.method === 'PUT') await api.replace(request.path, request.body, Type.Unknown());
    else await api.patch(request.path, request.body, Type.Unknown());
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, error.kind, `${SECTIONS[what]}.${id}: ${error.message}`, { cause: error });
  }
}

const SECTIONS = {
  ...{ site: 'sites', device: 'devices', group: 'groups', filter: 'filters' },
  ...{ policy: 'policies', model: 'models' },
} as const;
const SIGNS = { add: '+', change: '~', remove: '-' } as const;

function formatChange({ verb, what, id, lines }: FleetChange): readonly string[] {
  const details = lines.flatMap((line) =>
    wrapText(printable(line), WIDTH - 6).map((part, index) => `    ${index === 0 ? '' : '  '}${part}`),
  );
  return [`${SIGNS[verb]} ${what} ${id}`, ...details];
}

function summarise(changes: readonly FleetChange[]): string {
  const count = (verb: FleetChange['verb']): number =>
    changes.filter((change) => change.verb === verb).length;
  return `${count('add')} to add, ${count('change')} to change, ${count('remove')} to remove`;
}
