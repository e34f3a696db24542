import { randomBytes } from 'node:crypto';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { serverError } from '../kernel/errors.ts';
import type { AccountStore } from '../store/port.ts';
import { hashPassword, isPassword } from './argon2-password.ts';
import type { Accounts } from './port.ts';

export interface AccountsDeps {
  readonly store: AccountStore;
  readonly nowMs: () => number;
}

const SESSION_MS = 12 * 3600 * 1000;
const TOKEN_BYTES = 32;

export function createAccounts({ store, nowMs }: AccountsDeps): Accounts {
  return {
    login: async (user, password) => {
      const hash = await store.findPasswordHash(user);
      if (!(await isRight(password, hash))) throw serverError('LOGIN_FAILED', 'user or password is wrong');
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const expiresAtMs = nowMs() + SESSION_MS;
      await store.addSession({ tokenSha256: sha256Hex(token), user, expiresAtMs });
      return { token, session: { user, expiresAtMs } };
    },
    findSession: async (token) => {
      const tokenSha256 = sha256Hex(token);
      const session = await store.findSession(tokenSha256);
      if (session === undefined) return undefined;
      if (session.expiresAtMs > nowMs()) return { user: session.user, expiresAtMs: session.expiresAtMs };
      await store.deleteSession(tokenSha256);
      return undefined;
    },
    logout: (token) => store.deleteSession(sha256Hex(token)),
  };
}

/** An unknown user costs the same time as a wrong password, so that the time tells nothing. */
async function isRight(password: string, hash: string | undefined): Promise<boolean> {
  if (hash !== undefined) return isPassword(password, hash);
  await hashPassword(password);
  return false;
}
