import { randomBytes, randomUUID } from 'node:crypto';
import type { ApiTokenView } from '@watchpost/shared/api/people.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { serverError } from '../kernel/errors.ts';
import type { AccountStore, ApiTokenRecord, ApiTokenStore } from '../store/port.ts';
import type { ApiTokens } from './port.ts';
import { expandRoles } from './roles.ts';

export interface ApiTokensDeps {
  readonly users: Pick<AccountStore, 'findUser'>;
  readonly store: ApiTokenStore;
  readonly nowMs: () => number;
}

/** Tells a token of ours from other secrets, for people and for scanners of leaked secrets. */
const PREFIX = 'wp_';
const TOKEN_BYTES = 32;
const DAY_MS = 24 * 3600 * 1000;

export function createApiTokens({ users, store, nowMs }: ApiTokensDeps): ApiTokens {
  return {
    create: async ({ user, role, description, ttlDays }) => {
      const owner = await users.findUser(user);
      if (owner === undefined || owner.isDisabled)
        throw serverError('NOT_FOUND', `there is no user "${user}" who may log in`);
      if (!expandRoles(owner.roles).includes(role))
        throw serverError('FORBIDDEN', `a token of ${user} cannot have the role ${role}: ${user} has it not`);
      const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
      const createdAtMs = nowMs();
      const record: ApiTokenRecord = {
        ...{ id: randomUUID(), tokenSha256: sha256Hex(token), user, role, description, createdAtMs },
        expiresAtMs: createdAtMs + ttlDays * DAY_MS,
      };
      await store.add(record);
      return { token, info: viewToken(record) };
    },
    list: async () => (await store.list()).map(viewToken),
    revoke: async (id) => {
      const record = await store.delete(id);
      if (record === undefined) throw serverError('NOT_FOUND', `there is no API token ${id}`);
      return viewToken(record);
    },
  };
}

const viewToken = ({ tokenSha256: _hash, ...view }: ApiTokenRecord): ApiTokenView => view;
