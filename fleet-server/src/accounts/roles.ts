import type { Role } from '@watchpost/shared/api/people.ts';

/** What each role may do beside its own. */
const INCLUDED: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['viewer'],
  operator: ['viewer', 'operator'],
  qa: ['viewer', 'qa'],
  admin: ['viewer', 'operator', 'qa', 'admin'],
};

/** The roles given and all they include, each once, in the order of the weakest first. */
export function expandRoles(given: readonly Role[]): readonly Role[] {
  return INCLUDED.admin.filter((role) => given.some((one) => INCLUDED[one].includes(role)));
}
