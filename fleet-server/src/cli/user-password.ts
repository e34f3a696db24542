import type { Command } from './command.ts';
import { readSecretFile, SERVER_OPTIONS, withServer } from './server-access.ts';

export const userPassword: Command = {
  description: `Sets a password. One's own needs the old one; that of somebody else needs the role admin. The user is logged out
everywhere, and the API tokens of that user are gone.`,
  positionals: ['NAME'],
  options: {
    ...SERVER_OPTIONS,
    'new-password-file': { value: 'FILE', description: 'file with the password, 12 characters or more' },
    'old-password-file': { value: 'FILE', description: 'file with the password there is, for the own one' },
  },
  run: async (input) => {
    const [name = ''] = input.positionals;
    const password = await readSecretFile(input.values.requireText('new-password-file'), 'password');
    const oldFile = input.values.text('old-password-file');
    const old = oldFile === undefined ? {} : { oldPassword: await readSecretFile(oldFile, 'password') };
    const path = `users/${encodeURIComponent(name)}/password`;
    await withServer(input, (api) => api.send(path, { password, ...old }));
    return { text: `user ${name} has a new password`, json: { name } };
  },
};
