import { randomBytes } from 'node:crypto';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { serverError } from '../kernel/errors.ts';
import type { AccountStore } from '../store/port.ts';
import { hashPassword, isPassword } from './argon2-password.ts';
import type { Accounts, SessionView } from './port.ts';
import { expandRoles } from './roles.ts';

export interface AccountsDeps {
  readonly store: AccountStore;
  readonly nowMs: () => number;
}

type StoredSession = NonNullable<Awaited<ReturnType<AccountStore['findSession']>>>;

const SESSION_MS = 12 * 3600 * 1000;
const TOKEN_BYTES = 32;

export function createAccounts({ store, nowMs }: AccountsDeps): Accounts {
  return {
    login: async (user, password) => {
      const hash = await store.findPasswordHash(user);
      if (!(await isRight(password, hash))) throw serverError('LOGIN_FAILED', 'user or password is wrong');
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const tokenSha256 = sha256Hex(token);
      await store.addSession({ tokenSha256, user, expiresAtMs: nowMs() + SESSION_MS });
      const session = await store.findSession(tokenSha256);
      // Disabled users keep their password, and may not log in.
      if (session === undefined) throw serverError('LOGIN_FAILED', 'user or password is wrong');
      return { token, session: viewSession(session) };
    },
    findSession: async (token) => {
      const tokenSha256 = sha256Hex(token);
      const session = await store.findSession(tokenSha256);
      if (session === undefined) return undefined;
      if (session.expiresAtMs > nowMs()) return viewSession(session);
      await store.deleteSession(tokenSha256);
      return undefined;
    },
    logout: (token) => store.deleteSession(sha256Hex(token)),
  };
}

const viewSession = ({ user, expiresAtMs, roles }: StoredSession): SessionView => ({
  user,
  expiresAtMs,
  roles: [...expandRoles(roles)],
});

/** An unknown user costs the same time as a wrong password, so that the time tells nothing. */
async function isRight(password: string, hash: string | undefined): Promise<boolean> {
  if (hash !== undefined) return isPassword(password, hash);
  await hashPassword(password);
  return false;
}
