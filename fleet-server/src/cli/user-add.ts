import { UserView } from '@watchpost/shared/api/people.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command } from './command.ts';
import { parseRole, ROLE_OPTION } from './role-option.ts';
import { readSecretFile, SERVER_OPTIONS, withServer } from './server-access.ts';

export const userAdd: Command = {
  description: 'Adds a person who may log in.',
  positionals: ['NAME'],
  options: {
    ...SERVER_OPTIONS,
    role: ROLE_OPTION,
    'new-password-file': { value: 'FILE', description: 'file with the password, 12 characters or more' },
  },
  run: async (input) => {
    const [name = ''] = input.positionals;
    const roles = input.values.texts('role').map(parseRole);
    if (roles.length === 0) throw serverError('USAGE', '--role is missing');
    const password = await readSecretFile(input.values.requireText('new-password-file'), 'password');
    const json = await withServer(input, (api) => api.post('users', { name, roles, password }, UserView));
    return { text: `user ${json.name} is ${json.roles.join(', ')}`, json };
  },
};
