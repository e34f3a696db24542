import type { Role } from '@watchpost/shared/api/people.ts';
import { serverError } from '../kernel/errors.ts';
import type { OptionSpec } from './command.ts';

const ROLES: readonly string[] = ['viewer', 'operator', 'qa', 'admin'] satisfies readonly Role[];

export const ROLE_OPTION = {
  value: 'ROLE',
  description: 'viewer, operator, qa or admin; may be given several times',
  multiple: true,
} as const satisfies OptionSpec;

/** @throws AppError USAGE */
export function parseRole(text: string): Role {
  if (!ROLES.includes(text)) throw serverError('USAGE', `--role "${text}" is none of ${ROLES.join(', ')}`);
  return text as Role;
}
