import { attempt } from './attempt.ts';
import type { AccountStore } from './port.ts';
import type { Db } from './schema.ts';

export function createAccountStore(db: Db): AccountStore {
  return {
    findPasswordHash: (user) =>
      attempt('read an account', async () => {
        const row = await db
          .selectFrom('users')
          .select('password_hash')
          .where('name', '=', user)
          .executeTakeFirst();
        return row?.password_hash;
      }),
    setPasswordHash: (user, hash) =>
      attempt('write an account', async () => {
        await db
          .insertInto('users')
          .values({ name: user, password_hash: hash })
          .onConflict((conflict) => conflict.column('name').doUpdateSet({ password_hash: hash }))
          .execute();
      }),
    addSession: ({ tokenSha256, user, expiresAtMs }) =>
      attempt('add a session', async () => {
        await db
          .insertInto('sessions')
          .values({ token_sha256: tokenSha256, user_name: user, expires_at_ms: expiresAtMs })
          .execute();
      }),
    findSession: (tokenSha256) =>
      attempt('read a session', async () => {
        const row = await db
          .selectFrom('sessions')
          .selectAll()
          .where('token_sha256', '=', tokenSha256)
          .executeTakeFirst();
        return row && { tokenSha256, user: row.user_name, expiresAtMs: row.expires_at_ms };
      }),
    deleteSession: (tokenSha256) =>
      attempt('delete a session', async () => {
        await db.deleteFrom('sessions').where('token_sha256', '=', tokenSha256).execute();
      }),
  };
}
