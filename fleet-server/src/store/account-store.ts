import type { Role } from '@watchpost/shared/api/people.ts';
import type { Selectable } from 'kysely';
import { serverError } from '../kernel/errors.ts';
import { attempt } from './attempt.ts';
import type { AccountStore, UserRecord } from './port.ts';
import type { Db, Tx, UserRow } from './schema.ts';

export function createAccountStore(db: Db): AccountStore {
  return {
    ...createSessions(db),
    addUser: (user) =>
      attempt('add a user', async () => {
        const { numInsertedOrUpdatedRows = 0n } = await db
          .insertInto('users')
          .values(fromUser(user))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows === 0n)
          throw serverError('USER_EXISTS', `there is a user "${user.name}" already`);
      }),
    findUser: (name) => attempt('read a user', () => findUser(db, name)),
    listUsers: () =>
      attempt('list the users', async () =>
        (await db.selectFrom('users').selectAll().orderBy('name').execute()).map(toUser),
      ),
    changeUser: (name, change) =>
      attempt('change a user', () => db.transaction().execute((tx) => changeUser(tx, name, change))),
    setPasswordHash: (name, hash) =>
      attempt('change a password', () =>
        db.transaction().execute(async (tx) => {
          await tx.updateTable('users').set({ password_hash: hash }).where('name', '=', name).execute();
          await endAccess(tx, name);
        }),
      ),
  };
}

function createSessions(
  db: Db,
): Pick<AccountStore, 'addSession' | 'findSession' | 'deleteSession' | 'deleteSessionsUntil'> {
  return {
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
    deleteSessionsUntil: (nowMs) =>
      attempt('delete sessions', async () => {
        await db.deleteFrom('sessions').where('expires_at_ms', '<=', nowMs).execute();
      }),
  };
}

async function findUser(db: Db, name: string): Promise<UserRecord | undefined> {
  const row = await db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst();
  return row && toUser(row);
}

async function changeUser(
  tx: Tx,
  name: string,
  change: Partial<Pick<UserRecord, 'roles' | 'isDisabled'>>,
): Promise<UserRecord | undefined> {
  const before = await findUser(tx, name);
  if (before === undefined) return undefined;
  const after = { ...before, ...change };
  await tx.updateTable('users').set(fromUser(after)).where('name', '=', name).execute();
  if (after.isDisabled) await endAccess(tx, name);
  if (!(await hasAdmin(tx)))
    throw serverError('LAST_ADMIN', `${name} is the only admin: nobody could look after people any more`);
  return after;
}

async function hasAdmin(tx: Tx): Promise<boolean> {
  const rows = await tx.selectFrom('users').selectAll().where('disabled', '=', 0).execute();
  return rows.some((row) => toRoles(row).includes('admin'));
}

/** What was opened with the old password, or before the user was disabled, is worth nothing. */
async function endAccess(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('sessions').where('user_name', '=', name).execute();
  await tx.deleteFrom('api_tokens').where('user_name', '=', name).execute();
}

const fromUser = ({ name, passwordHash, roles, isDisabled, createdAtMs }: UserRecord) => ({
  name,
  password_hash: passwordHash,
  roles: JSON.stringify(roles),
  disabled: isDisabled ? 1 : 0,
  created_at_ms: createdAtMs,
});

const toUser = (row: Selectable<UserRow>): UserRecord => ({
  name: row.name,
  passwordHash: row.password_hash,
  roles: toRoles(row),
  isDisabled: row.disabled === 1,
  createdAtMs: row.created_at_ms,
});

const toRoles = ({ roles }: { readonly roles: string }) => JSON.parse(roles) as readonly Role[];
