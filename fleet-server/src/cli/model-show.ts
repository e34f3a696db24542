import { DeviceAsOf, ModelVersionDetail } from '@watchpost/shared/api/models.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command, CommandInput, CommandResult } from './command.ts';
import { formatVersions, loadModel, parseVersionName, versionPath } from './model-names.ts';
import { formatAsOf, formatDetail } from './model-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const modelShow: Command = {
  description: `Shows a model (NAME) or one version of it (NAME@VERSION); with --device, what ran there at a time and who
certified and released it.`,
  positionals: ['[NAME]'],
  options: {
    ...SERVER_OPTIONS,
    device: { value: 'ID', description: 'the box to ask about, in place of NAME' },
    'as-of': {
      value: 'TIME',
      description: 'with --device: ISO 8601, e.g. 2026-11-21T12:00:00Z; default now',
    },
  },
  run: (input) => {
    const [name] = input.positionals;
    const device = input.values.text('device');
    if ((name === undefined) === (device === undefined))
      throw serverError('USAGE', 'give either NAME or --device ID');
    if (device !== undefined) return showAsOf(input, device);
    if (input.values.text('as-of') !== undefined) throw serverError('USAGE', '--as-of needs --device');
    return name?.includes('@') ? showVersion(input, name) : showModel(input, name ?? '');
  },
};

async function showModel(input: CommandInput, name: string): Promise<CommandResult> {
  const json = await withServer(input, (api) => loadModel(api, name));
  return { text: formatVersions(json.versions), json };
}

async function showVersion(input: CommandInput, name: string): Promise<CommandResult> {
  const path = versionPath(parseVersionName(name));
  const json = await withServer(input, (api) => api.get(path, ModelVersionDetail));
  return { text: formatDetail(json), json };
}

async function showAsOf(input: CommandInput, device: string): Promise<CommandResult> {
  const given = input.values.text('as-of') ?? new Date().toISOString();
  const atMs = Date.parse(given);
  if (Number.isNaN(atMs) || atMs < 0) throw serverError('USAGE', `--as-of "${given}" is not a time`);
  const path = `devices/${encodeURIComponent(device)}/as-of?time=${atMs}`;
  const json = await withServer(input, (api) => api.get(path, DeviceAsOf));
  return { text: formatAsOf(json), json };
}
