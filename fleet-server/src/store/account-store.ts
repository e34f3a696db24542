import type { Role } from '@watchpost/shared/api/people.ts';
import { serverError } from '../kernel/errors.ts';
import { attempt } from './attempt.ts';
import type { AccountStore } from './port.ts';
import type { Db } from './schema.ts';

export function createAccountStore(db: Db): AccountStore {
  return {
    addUser: ({ name, passwordHash, roles, isDisabled, createdAtMs }) =>
      attempt('add a user', async () => {
        const { numInsertedOrUpdatedRows = 0n } = await db
          .insertInto('users')
          .values({
            name,
            password_hash: passwordHash,
            roles: JSON.stringify(roles),
            disabled: isDisabled ? 1 : 0,
            created_at_ms: createdAtMs,
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows === 0n)
          throw serverError('USER_EXISTS', `there is a user "${name}" already`);
      }),
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
          .innerJoin('users', 'users.name', 'sessions.user_name')
          .select(['user_name', 'expires_at_ms', 'roles'])
          .where('token_sha256', '=', tokenSha256)
          .where('disabled', '=', 0)
          .executeTakeFirst();
        return (
          row && { tokenSha256, user: row.user_name, expiresAtMs: row.expires_at_ms, roles: toRoles(row) }
        );
      }),
    deleteSession: (tokenSha256) =>
      attempt('delete a session', async () => {
        await db.deleteFrom('sessions').where('token_sha256', '=', tokenSha256).execute();
      }),
  };
}

const toRoles = ({ roles }: { readonly roles: string }) => JSON.parse(roles) as readonly Role[];
