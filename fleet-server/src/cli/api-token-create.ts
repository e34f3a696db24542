import { ApiTokenReply } from '@watchpost/shared/api/people.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command } from './command.ts';
import { parseRole } from './role-option.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

const DEFAULT_DAYS = 90;

export const apiTokenCreate: Command = {
  description: 'Makes a token for a program: it may do what its role allows, and its user at the time.',
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    role: { value: 'ROLE', description: 'viewer, operator, qa or admin; one that the user has' },
    for: { value: 'TEXT', description: 'what the token is for' },
    owner: { value: 'NAME', description: 'the user it acts for; default the one who logs in' },
    days: { value: 'N', description: `how long it may be used; default ${DEFAULT_DAYS}, at most 366` },
    out: { value: 'FILE', description: 'file to write the token to, instead of showing it' },
  },
  run: async (input) => {
    const { values } = input;
    const owner = values.text('owner');
    const request = {
      role: parseRole(values.requireText('role')),
      description: values.requireText('for'),
      ttlDays: values.integer('days', DEFAULT_DAYS),
      ...(owner !== undefined && { user: owner }),
    };
    const { token, info } = await withServer(input, (api) => api.post('api-tokens', request, ApiTokenReply));
    const path = values.text('out');
    if (path === undefined) return { text: token, json: { token, info } };
    await writeFileAtomic(path, `${token}\n`, 0o600).catch((cause: unknown) => {
      throw serverError('FILE_UNREADABLE', `token file ${path} cannot be written`, { cause });
    });
    return { text: `${path} holds token ${info.id}: ${info.role} of ${info.user}`, json: { path, info } };
  },
};
