import { DeviceConfigHistory, DeviceConfigView } from '@watchpost/shared/api/device-config.ts';
import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, CommandInput, CommandResult, Progress } from './command.ts';
import { formatConfig } from './device-config-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { diffSettings } from './settings-diff.ts';
import { formatTable } from './table.ts';
import { readSettingsFile } from './yaml-settings-file.ts';

const pathOf = ({ positionals: [id = ''] }: CommandInput): string => `devices/${encodeURIComponent(id)}`;

export const deviceConfigGet: Command = {
  description: 'Shows what was last set on a device, and what became of it there.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: (input) =>
    withServer(input, async (api) => {
      const path = pathOf(input);
      const { config: standing } = await api.get(path, DeviceView);
      const config = await findConfig(api, path);
      const json = { ...(config && { config }), ...(standing && { standing }) };
      return { text: formatConfig(config, standing), json };
    }),
};

export const deviceConfigSet: Command = {
  description: `Gives a device the settings of a YAML or JSON file, over its own. They take the place of what was set before:
what the file leaves out is as the device itself has it. The device refuses what it cannot take, and goes
back by itself when it loses all its cameras.`,
  positionals: ['ID', 'FILE'],
  options: {
    ...SERVER_OPTIONS,
    'dry-run': { description: 'only show what would change' },
  },
  run: async (input) => {
    const settings = await readSettingsFile(input.positionals[1] ?? '');
    return withServer(input, async (api) => change(input, api, settings));
  },
};

export const deviceConfigReset: Command = {
  description: 'Takes back whatever was set on a device: its own settings alone count again.',
  positionals: ['ID'],
  options: { ...SERVER_OPTIONS, 'dry-run': { description: 'only show what would change' } },
  run: (input) => withServer(input, (api) => change(input, api, {})),
};

export const deviceConfigHistory: Command = {
  description: 'Shows what was set on a device, newest first.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const path = `${pathOf(input)}/config/history`;
    const json = await withServer(input, (api) => api.get(path, DeviceConfigHistory));
    const rows = json.versions.map(({ version, atMs, actor, settings }) => [
      String(version),
      new Date(atMs).toISOString(),
      actor,
      Object.keys(settings).join(', ') || 'nothing: its own settings alone',
    ]);
    return { text: formatTable(['VERSION', 'SET', 'BY', 'KEYS'], rows), json };
  },
};

async function change(input: CommandInput, api: ApiClient, settings: object): Promise<CommandResult> {
  const path = pathOf(input);
  const [id = ''] = input.positionals;
  const before = await findConfig(api, path);
  const diff = diffSettings(before?.settings ?? {}, settings);
  showDiff(diff, input.progress);
  if (input.values.isSet('dry-run')) return { text: `nothing was set on ${id}`, json: { diff } };
  const config = await api.replace(`${path}/config`, { settings }, DeviceConfigView);
  const text = `version ${config.version} is set on ${id}; see \`fleetctl device config get ${id}\``;
  return { text, json: { config, diff } };
}

function showDiff(diff: readonly string[], progress: Progress): void {
  for (const line of diff.length === 0 ? ['nothing changes'] : diff) progress(line, 'done');
}

/** @returns undefined where nothing was ever set */
async function findConfig(api: ApiClient, path: string): Promise<DeviceConfigView | undefined> {
  try {
    return await api.get(`${path}/config`, DeviceConfigView);
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
    // The same answer as for a device nobody knows: that one is an error.
    await api.get(path, DeviceView);
    return undefined;
  }
}
