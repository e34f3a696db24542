import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Accounts, SessionView } from '../accounts/port.ts';
import type { DeviceAuthenticator } from '../broker/port.ts';
import { serverError } from '../kernel/errors.ts';
import { parseBasicCredentials } from './basic-credentials.ts';
import { isSameOrigin } from './same-origin.ts';

/** Who sends a request. */
export type Actor =
  | { readonly kind: 'user'; readonly session: SessionView; readonly token: string }
  | { readonly kind: 'device'; readonly deviceId: string };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by a guard. */
    actor: Actor | undefined;
  }
}

/** Who knows whom. */
export interface AccessDeps {
  readonly accounts: Accounts;
  readonly authenticateDevice: DeviceAuthenticator;
}

type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** onRequest hooks: they run before a body is read. All throw AppError LOGIN_REQUIRED | ORIGIN_FOREIGN. */
export interface Guards {
  /** A session cookie, and for changes a request of our own page or of no page. */
  readonly requireUser: Guard;
  /** Basic credentials: device id and the secret the box enrolled with. */
  readonly requireDevice: Guard;
  readonly requireUserOrDevice: Guard;
}

export const SESSION_COOKIE = 'watchpost_session';

export function createGuards({ accounts, authenticateDevice }: AccessDeps): Guards {
  const requireUser: Guard = async (request) => {
    const token = request.cookies[SESSION_COOKIE];
    const session = token === undefined ? undefined : await accounts.findSession(token);
    if (token === undefined || session === undefined)
      throw serverError('LOGIN_REQUIRED', 'no session, or one that is over');
    if (request.method !== 'GET' && request.method !== 'HEAD') requireSameOrigin(request);
    request.actor = { kind: 'user', session, token };
  };
  const requireDevice: Guard = async (request) => {
    const credentials = parseBasicCredentials(request.headers.authorization);
    if (credentials === undefined || !(await authenticateDevice(credentials.name, credentials.secret)))
      throw serverError('LOGIN_REQUIRED', 'no device credentials, or wrong ones');
    request.actor = { kind: 'device', deviceId: credentials.name };
  };
  return {
    requireUser,
    requireDevice,
    requireUserOrDevice: (request, reply) =>
      request.headers.authorization === undefined
        ? requireUser(request, reply)
        : requireDevice(request, reply),
  };
}

/** @throws AppError ORIGIN_FOREIGN */
export function requireSameOrigin(request: FastifyRequest): void {
  const { host, origin } = request.headers;
  const fetchSite = request.headers['sec-fetch-site'];
  if (!isSameOrigin({ host, origin, fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined }))
    throw serverError('ORIGIN_FOREIGN', `a page of ${origin ?? 'another site'} may not change anything here`);
}

/** The session of a request that passed `requireUser`. */
export function userOf(request: FastifyRequest): Extract<Actor, { kind: 'user' }> {
  if (request.actor?.kind !== 'user') throw new TypeError(`${request.url} lacks the guard for users`);
  return request.actor;
}

/** The id of the device whose request passed `requireDevice`. */
export function deviceOf(request: FastifyRequest): string {
  if (request.actor?.kind !== 'device') throw new TypeError(`${request.url} lacks the guard for devices`);
  return request.actor.deviceId;
}
