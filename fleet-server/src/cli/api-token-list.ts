import { ApiTokenList } from '@watchpost/shared/api/people.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { formatTable } from './table.ts';

export const apiTokenList: Command = {
  description: 'Lists the tokens of programs.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('api-tokens', ApiTokenList));
    const rows = json.tokens.map(({ id, user, role, description, expiresAtMs, lastUsedAtMs }) => [
      ...[id, user, role, new Date(expiresAtMs).toISOString()],
      lastUsedAtMs === undefined ? 'never' : new Date(lastUsedAtMs).toISOString(),
      description,
    ]);
    return { text: formatTable(['TOKEN', 'USER', 'ROLE', 'EXPIRES', 'LAST USED', 'FOR'], rows), json };
  },
};
