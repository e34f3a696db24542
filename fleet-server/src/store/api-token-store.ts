import type { Role } from '@watchpost/shared/api/people.ts';
import type { Selectable } from 'kysely';
import { attempt } from './attempt.ts';
import type { ApiTokenRecord, ApiTokenStore } from './port.ts';
import type { ApiTokenRow, Db } from './schema.ts';

export function createApiTokenStore(db: Db): ApiTokenStore {
  return {
    add: (token) =>
      attempt('add an API token', async () => {
        await db.insertInto('api_tokens').values(fromToken(token)).execute();
      }),
    find: (tokenSha256) =>
      attempt('read an API token', async () => {
        const row = await db
          .selectFrom('api_tokens')
          .innerJoin('users', 'users.name', 'api_tokens.user_name')
          .selectAll('api_tokens')
          .select('roles')
          .where('token_sha256', '=', tokenSha256)
          .where('disabled', '=', 0)
          .executeTakeFirst();
        return row && { ...toToken(row), userRoles: JSON.parse(row.roles) as readonly Role[] };
      }),
    list: () =>
      attempt('list the API tokens', async () =>
        (await db.selectFrom('api_tokens').selectAll().orderBy('created_at_ms').orderBy('id').execute()).map(
          toToken,
        ),
      ),
    delete: (id) =>
      attempt('delete an API token', async () => {
        const row = await db.deleteFrom('api_tokens').where('id', '=', id).returningAll().executeTakeFirst();
        return row && toToken(row);
      }),
    markUsed: (id, atMs) =>
      attempt('mark an API token', async () => {
        await db.updateTable('api_tokens').set({ last_used_at_ms: atMs }).where('id', '=', id).execute();
      }),
  };
}

const fromToken = (token: ApiTokenRecord): ApiTokenRow => ({
  id: token.id,
  token_sha256: token.tokenSha256,
  user_name: token.user,
  role: token.role,
  description: token.description,
  created_at_ms: token.createdAtMs,
  expires_at_ms: token.expiresAtMs,
  last_used_at_ms: token.lastUsedAtMs ?? null,
});

const toToken = (row: Selectable<ApiTokenRow>): ApiTokenRecord => ({
  id: row.id,
  tokenSha256: row.token_sha256,
  user: row.user_name,
  role: row.role,
  description: row.description,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  ...(row.last_used_at_ms !== null && { lastUsedAtMs: row.last_used_at_ms }),
});
