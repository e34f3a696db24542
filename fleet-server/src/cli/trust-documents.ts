import type { TrustView } from '@watchpost/shared/api/trust.ts';
import {
  OFFLINE_ROLES,
  OfflineEnvelope,
  type OfflineRole,
  type OfflineSigned,
  ONLINE_ROLES,
  type TufRole,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { serverError } from '../kernel/errors.ts';
import { baseOf } from '../trust/drafts.ts';
import type { ApiClient } from './api-client.ts';

/** @throws AppError USAGE */
export function requireTufRole(name: string): TufRole {
  const role = [...OFFLINE_ROLES, ...ONLINE_ROLES].find((each) => each === name);
  if (role !== undefined) return role;
  throw serverError('USAGE', `"${name}" is none of ${[...OFFLINE_ROLES, ...ONLINE_ROLES].join(', ')}`);
}

/** What the next version of the role changes. @throws AppError USAGE before one is published */
export async function fetchBase(api: ApiClient, view: TrustView, role: OfflineRole): Promise<OfflineSigned> {
  const version = view.roles.find((each) => each.role === role)?.version ?? 0;
  if (version === 0) throw serverError('USAGE', `there is no ${role} yet: run \`fleetctl keys init\``);
  const { signed } = await api.get(`tuf/${version}.${role}.json`, OfflineEnvelope);
  return baseOf(signed, view.staged.find((each) => each.role === role)?.metadata.signed);
}
