import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const apiTokenRevoke: Command = {
  description: 'Revokes a token of a program, at once.',
  positionals: ['TOKEN'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    await withServer(input, (api) => api.delete(`api-tokens/${encodeURIComponent(id)}`));
    return { text: `token ${id} is revoked`, json: { id } };
  },
};
