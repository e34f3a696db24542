import { type UserChange, UserView } from '@watchpost/shared/api/people.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command, OptionValues } from './command.ts';
import { parseRole, ROLE_OPTION } from './role-option.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const userSet: Command = {
  description: `Changes a user. The roles given replace those there were. A user who is disabled is logged out at once, and
the API tokens of that user are gone.`,
  positionals: ['NAME'],
  options: {
    ...SERVER_OPTIONS,
    role: ROLE_OPTION,
    disable: { description: 'the user may not log in any more' },
    enable: { description: 'the user may log in again' },
  },
  run: async (input) => {
    const [name = ''] = input.positionals;
    const change = readChange(input.values);
    const path = `users/${encodeURIComponent(name)}`;
    const json = await withServer(input, (api) => api.patch(path, change, UserView));
    const state = json.disabled ? 'disabled' : 'enabled';
    return { text: `user ${json.name} is ${json.roles.join(', ')}, ${state}`, json };
  },
};

/** @throws AppError USAGE */
function readChange(values: OptionValues): UserChange {
  const roles = values.texts('role').map(parseRole);
  const [disable, enable] = [values.isSet('disable'), values.isSet('enable')];
  if (disable && enable) throw serverError('USAGE', '--disable and --enable contradict each other');
  if (roles.length === 0 && !disable && !enable)
    throw serverError('USAGE', 'one of --role, --disable and --enable is missing');
  return { ...(roles.length > 0 && { roles }), ...((disable || enable) && { disabled: disable }) };
}
