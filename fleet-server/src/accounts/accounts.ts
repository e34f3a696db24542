import { randomBytes } from 'node:crypto';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { serverError } from '../kernel/errors.ts';
import type { AccountStore, ApiTokenStore } from '../store/port.ts';
import { requirePassword } from './argon2-password.ts';
import type { Accounts, SessionView } from './port.ts';
import { expandRoles } from './roles.ts';

export interface AccountsDeps {
  readonly store: AccountStore;
  readonly apiTokens: Pick<ApiTokenStore, 'find' | 'markUsed'>;
  readonly nowMs: () => number;
}

const SESSION_MS = 12 * 3600 * 1000;
const TOKEN_BYTES = 32;
/** How exactly the last use of a token is known: it is not worth a write per request. */
const LAST_USE_MS = 60_000;

export function createAccounts(deps: AccountsDeps): Accounts {
  const { store } = deps;
  return {
    login: (...given) => logIn(deps, ...given),
    identify: ({ kind, token }) => (kind === 'session' ? findSession(deps, token) : findToken(deps, token)),
    logout: (token) => store.deleteSession(sha256Hex(token)),
  };
}

async function logIn(
  { store, nowMs }: AccountsDeps,
  ...[name, password, presented]: Parameters<Accounts['login']>
): ReturnType<Accounts['login']> {
  const user = await store.findUser(name);
  const passwordHash = user?.isDisabled === true ? undefined : user?.passwordHash;
  await requirePassword(password, passwordHash);
  if (presented !== undefined) await store.deleteSession(sha256Hex(presented));
  await store.deleteSessionsUntil(nowMs());
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const [tokenSha256, expiresAtMs] = [sha256Hex(token), nowMs() + SESSION_MS];
  await store.addSession({ tokenSha256, user: name, expiresAtMs });
  // A new password ends the sessions there are; this one, of the old password, may have come just after.
  if ((await store.findUser(name))?.passwordHash !== passwordHash) {
    await store.deleteSession(tokenSha256);
    throw serverError('LOGIN_FAILED', 'the password was changed meanwhile');
  }
  return { token, session: { user: name, expiresAtMs, roles: [...expandRoles(user?.roles ?? [])] } };
}

async function findSession({ store, nowMs }: AccountsDeps, token: string): Promise<SessionView | undefined> {
  const session = await store.findSession(sha256Hex(token));
  if (session === undefined || session.expiresAtMs <= nowMs()) return undefined;
  const { user, expiresAtMs, roles } = session;
  return { user, expiresAtMs, roles: [...expandRoles(roles)] };
}

/** A token may do what its role and the roles its user has now both allow. */
async function findToken(
  { apiTokens, nowMs }: AccountsDeps,
  token: string,
): Promise<SessionView | undefined> {
  const found = await apiTokens.find(sha256Hex(token));
  if (found === undefined || found.expiresAtMs <= nowMs()) return undefined;
  if (nowMs() - (found.lastUsedAtMs ?? 0) >= LAST_USE_MS) await apiTokens.markUsed(found.id, nowMs());
  const ofUser = expandRoles(found.userRoles);
  const roles = expandRoles([found.role]).filter((role) => ofUser.includes(role));
  return { user: found.user, expiresAtMs: found.expiresAtMs, roles };
}
