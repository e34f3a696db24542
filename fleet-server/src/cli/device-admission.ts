import { readFile } from 'node:fs/promises';
import { PreauthorizedList } from '@watchpost/shared/api/admission.ts';
import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command, CommandInput, CommandResult } from './command.ts';
import { parseDeviceList } from './device-list-file.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

const FINGERPRINT = {
  fingerprint: {
    value: 'HEX',
    description: 'of its key, as the box shows it (`watchpost-agent fingerprint`)',
  },
} as const;

export const deviceAccept: Command = {
  description:
    'Lets a box in that asked without a token; the fingerprint is that of the box in front of you.',
  positionals: ['ID'],
  options: { ...SERVER_OPTIONS, ...FINGERPRINT },
  run: (input) => decide(input, 'accept', { fingerprint: input.values.requireText('fingerprint') }),
};

export const deviceReject: Command = {
  description: 'Turns a box away that asked without a token.',
  positionals: ['ID'],
  options: { ...SERVER_OPTIONS, ...FINGERPRINT },
  run: (input) => decide(input, 'reject', { fingerprint: input.values.requireText('fingerprint') }),
};

export const devicePreauthorize: Command = {
  description: 'Lets the boxes of a CSV file (id,fingerprint) enrol without a token.',
  positionals: [],
  options: { ...SERVER_OPTIONS, file: { value: 'FILE', description: 'CSV file, one box a line' } },
  run: async (input) => {
    const path = input.values.requireText('file');
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw serverError('FILE_UNREADABLE', `the list ${path} cannot be read`, { cause });
    });
    const devices = parseDeviceList(text, path);
    const json = await withServer(input, (api) =>
      api.post('devices/preauthorized', { devices }, PreauthorizedList),
    );
    return { text: `${json.devices.length} boxes may enrol`, json };
  },
};

export const deviceRevoke: Command = {
  description:
    'Cuts a device off at once: its key and certificates are good for nothing any more. It comes back with a new key and a token.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: (input) => decide(input, 'revoke', {}),
};

export const deviceDecommission: Command = {
  description: 'Cuts a device off and puts it out of the fleet for good; its id never comes back.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: (input) => decide(input, 'decommission', {}),
};

async function decide(input: CommandInput, verb: string, body: object): Promise<CommandResult> {
  const [id = ''] = input.positionals;
  const path = `devices/${encodeURIComponent(id)}/${verb}`;
  const json = await withServer(input, (api) => api.post(path, body, DeviceView));
  return { text: `${verb}: ${json.id} is ${json.state}, key ${json.fingerprint}`, json };
}
