import type { Role } from '@watchpost/shared/api/people.ts';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Accounts, ApiTokens, Credential, People, SessionView } from '../accounts/port.ts';
import type { AuditActor } from '../audit/port.ts';
import type { DeviceAuthenticator } from '../broker/port.ts';
import type { ConnectionIdentifier } from '../identity/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import { parseBasicCredentials } from './basic-credentials.ts';
import { isSameOrigin } from './same-origin.ts';

/** Who sends a request. */
export type Actor =
  | { readonly kind: 'user'; readonly session: SessionView; readonly credential: Credential }
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
  readonly people: People;
  readonly apiTokens: ApiTokens;
  readonly authenticateDevice: DeviceAuthenticator;
  /** On a TLS listener: a device is known by its certificate, and by nothing else. */
  readonly identifyConnection?: ConnectionIdentifier;
}

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** An onRequest hook: it runs before a body is read. */
export interface Guard extends Check {
  /** Whom it lets pass, for the API document. */
  readonly access: 'anyone' | 'device' | Role | `${Role} or device`;
}

/** Every route of the API has one of these. They throw AppError LOGIN_REQUIRED | FORBIDDEN | ORIGIN_FOREIGN. */
export interface Guards {
  /**
   * An API token, or a session cookie and for changes a request of our own page or of no page; the user, and the token,
   * must have `role`.
   */
  requireRole(role: Role): Guard;
  /** A client certificate; on a plain listener, Basic credentials: device id and the secret the box enrolled with. */
  readonly requireDevice: Guard;
  requireRoleOrDevice(role: Role): Guard;
  /** For a request that brings its own proof, or asks for what everybody may know. */
  readonly anyone: Guard;
}

export const SESSION_COOKIE = 'watchpost_session';

export function createGuards({ accounts, ...access }: AccessDeps, limits: AttemptLimits): Guards {
  const identify = async (request: FastifyRequest, reply: FastifyReply, credential?: Credential) => {
    if (credential === undefined) return undefined;
    const session = await accounts.identify(credential);
    if (session === undefined && credential.kind === 'apiToken')
      requireNoWait(limits.tokenFailed(request.ip), reply);
    return session;
  };
  const checkUser = async (request: FastifyRequest, reply: FastifyReply, role: Role): Promise<void> => {
    const credential = readCredential(request);
    const session = await identify(request, reply, credential);
    if (credential === undefined || session === undefined)
      throw serverError('LOGIN_REQUIRED', 'no session or API token, or one that is over');
    // No page of another site can make a browser send a token; a cookie it sends by itself.
    const isChange = request.method !== 'GET' && request.method !== 'HEAD';
    if (isChange && credential.kind === 'session') requireSameOrigin(request);
    requireRole(session, role);
    request.actor = { kind: 'user', session, credential };
  };
  const checkDevice: Check = async (request) => {
    const deviceId = await findDevice(access, request);
    if (deviceId === undefined) throw serverError('LOGIN_REQUIRED', 'no device credentials, or wrong ones');
    request.actor = { kind: 'device', deviceId };
  };
  return {
    requireRole: (role) => guard(role, (request, reply) => checkUser(request, reply, role)),
    requireDevice: guard('device', checkDevice),
    requireRoleOrDevice: (role) =>
      guard(`${role} or device`, (request, reply) =>
        readCredential(request) === undefined ? checkDevice(request, reply) : checkUser(request, reply, role),
      ),
    anyone: guard('anyone', async () => undefined),
  };
}

const guard = (access: Guard['access'], check: Check): Guard => Object.assign(check, { access });

async function findDevice(
  { identifyConnection, authenticateDevice }: Omit<AccessDeps, 'accounts'>,
  { raw, headers }: FastifyRequest,
): Promise<string | undefined> {
  if (identifyConnection !== undefined) return identifyConnection(raw.socket);
  const credentials = parseBasicCredentials(headers.authorization);
  if (credentials === undefined) return undefined;
  return (await authenticateDevice(credentials.name, credentials.secret)) ? credentials.name : undefined;
}

/** An Authorization header counts before a cookie: a program sends the one on purpose, a browser the other by itself. */
function readCredential({ headers, cookies }: FastifyRequest): Credential | undefined {
  const [, apiToken] = /^Bearer +([\w-]{1,128})$/i.exec(headers.authorization ?? '') ?? [];
  if (apiToken !== undefined) return { kind: 'apiToken', token: apiToken };
  const session = cookies[SESSION_COOKIE];
  return session === undefined ? undefined : { kind: 'session', token: session };
}

/** @throws AppError LOGIN_RATE */
export function requireNoWait(waitMs: number, reply: FastifyReply): void {
  if (waitMs === 0) return;
  const waitSec = Math.ceil(waitMs / 1000);
  reply.header('retry-after', waitSec);
  throw serverError('LOGIN_RATE', `too many failed attempts: wait ${waitSec} s`);
}

/** @throws AppError FORBIDDEN */
function requireRole({ user, roles }: SessionView, needed: Role): void {
  if (roles.includes(needed)) return;
  throw serverError('FORBIDDEN', `this needs the role ${needed}; ${user} has ${roles.join(', ') || 'none'}`);
}

/** Whom the guard of a route lets pass; undefined for a route without one. */
export function accessOf({ onRequest }: Pick<RouteOptions, 'onRequest'>): Guard['access'] | undefined {
  return typeof onRequest === 'function' && 'access' in onRequest ? (onRequest as Guard).access : undefined;
}

/** For the app's onRoute hook: a route of the API that was left open by mistake stops the server from starting. */
export function requireGuard(route: RouteOptions): void {
  if (route.url.startsWith('/api/') && accessOf(route) === undefined)
    throw new TypeError(`${route.method} ${route.url} has no guard`);
}

/** @throws AppError ORIGIN_FOREIGN */
export function requireSameOrigin(request: FastifyRequest): void {
  const { host, origin } = request.headers;
  const fetchSite = request.headers['sec-fetch-site'];
  if (!isSameOrigin({ host, origin, fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined }))
    throw serverError('ORIGIN_FOREIGN', `a page of ${origin ?? 'another site'} may not change anything here`);
}

/** Who the audit log names for a request that passed a guard. */
export function actorOf({ actor, url }: FastifyRequest): AuditActor {
  if (actor === undefined) throw new TypeError(`${url} lacks a guard that knows who asks`);
  return actor.kind === 'user'
    ? { kind: 'user', id: actor.session.user }
    : { kind: 'device', id: actor.deviceId };
}

/** The session of a request that passed `requireRole`. */
export function userOf(request: FastifyRequest): Extract<Actor, { kind: 'user' }> {
  if (request.actor?.kind !== 'user') throw new TypeError(`${request.url} lacks the guard for users`);
  return request.actor;
}

/** The id of the device whose request passed `requireDevice`. */
export function deviceOf(request: FastifyRequest): string {
  if (request.actor?.kind !== 'device') throw new TypeError(`${request.url} lacks the guard for devices`);
  return request.actor.deviceId;
}
