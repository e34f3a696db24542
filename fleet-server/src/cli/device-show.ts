import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const deviceShow: Command = {
  description: 'Shows one device with all that is known of it.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    const json = await withServer(input, (api) => api.get(`devices/${encodeURIComponent(id)}`, DeviceView));
    return { text: JSON.stringify(json, undefined, 2), json };
  },
};
