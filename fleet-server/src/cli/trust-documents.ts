import type { TrustView } from '@watchpost/shared/api/trust.ts';
import {
  type Envelope,
  OFFLINE_ROLES,
  OfflineEnvelope,
  type OfflineRole,
  type OfflineSigned,
  ONLINE_ROLES,
  type TufRole,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';

/** @throws AppError USAGE */
export function requireTufRole(name: string): TufRole {
  const role = [...OFFLINE_ROLES, ...ONLINE_ROLES].find((each) => each === name);
  if (role !== undefined) return role;
  throw serverError('USAGE', `"${name}" is none of ${[...OFFLINE_ROLES, ...ONLINE_ROLES].join(', ')}`);
}

/** The published document of the role. @throws AppError USAGE before there is one */
export async function fetchNewest(
  api: ApiClient,
  view: TrustView,
  role: OfflineRole,
): Promise<Envelope<OfflineSigned>> {
  const version = view.roles.find((each) => each.role === role)?.version ?? 0;
  if (version === 0) throw serverError('USAGE', `there is no ${role} yet: run \`fleetctl keys init\``);
  return api.get(`tuf/${version}.${role}.json`, OfflineEnvelope);
}
