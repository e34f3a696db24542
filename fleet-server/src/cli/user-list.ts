import { UserList } from '@watchpost/shared/api/people.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { formatTable } from './table.ts';

export const userList: Command = {
  description: 'Lists everybody who may log in.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('users', UserList));
    const rows = json.users.map(({ name, roles, disabled }) => [
      name,
      roles.join(', '),
      disabled ? 'disabled' : 'enabled',
    ]);
    return { text: formatTable(['USER', 'ROLES', 'STATE'], rows), json };
  },
};
