import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import type { Command, CommandInput, CommandResult } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

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
