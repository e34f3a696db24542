import { LoginRequest, SessionView } from '@watchpost/shared/api/registry.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { actorOf, requireNoWait, requireSameOrigin, SESSION_COOKIE, userOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type RouteDeps, type Routes } from '../route.ts';

/** /session: logging in and out, and who is logged in. */
export const sessionRoutes: Routes = (app, deps) => {
  const { access, audit, guards, liveClients, nowMs } = deps;
  const tags = ['session'];

  app.post(
    '/session',
    {
      onRequest: guards.anyone,
      schema: {
        summary: 'Log in',
        tags,
        body: LoginRequest,
        response: { 200: SessionView, ...errorReplies },
      },
    },
    async (request, reply) => {
      requireSameOrigin(request);
      const { token, session } = await logIn(deps, request, reply);
      setCookie(request, reply, { token, maxAgeSec: Math.floor((session.expiresAtMs - nowMs()) / 1000) });
      return session;
    },
  );

  app.get(
    '/session',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Who is logged in',
        tags,
        security: FOR_USERS,
        response: { 200: SessionView, ...errorReplies },
      },
    },
    (request) => userOf(request).session,
  );

  app.delete(
    '/session',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Log out',
        tags,
        security: FOR_USERS,
        response: { 204: Type.Null(), ...errorReplies },
      },
    },
    async (request, reply) => {
      const { credential, session } = userOf(request);
      if (credential.kind === 'apiToken')
        throw serverError('REQUEST_INVALID', 'an API token is no session: revoke it instead');
      await access.accounts.logout(credential.token);
      await liveClients.recheck();
      const actor = actorOf(request);
      await audit.record({ actor, action: 'session.closed', subject: session.user, details: {} });
      setCookie(request, reply, { token: '', maxAgeSec: 0 });
      return reply.code(204).send(null);
    },
  );
};

async function logIn(
  { access, audit, limits }: RouteDeps,
  request: FastifyRequest<{ Body: LoginRequest }>,
  reply: FastifyReply,
) {
  const { user, password } = request.body;
  const attempt = { address: request.ip, user };
  const details = { address: request.ip };
  requireNoWait(limits.beginLogin(attempt), reply);
  try {
    const opened = await access.accounts.login(user, password, request.cookies[SESSION_COOKIE]);
    limits.loginSucceeded(attempt);
    const actor = { kind: 'user', id: user } as const;
    await audit.record({ actor, action: 'session.opened', subject: user, details });
    return opened;
  } catch (error) {
    if (!isAppError(error, 'LOGIN_FAILED')) throw error;
    // Not what was typed, unless it is a user: people type passwords into the wrong field.
    const subject = (await access.people.find(user))?.name ?? '(unknown user)';
    const actor = { kind: 'system', id: 'http' } as const;
    await audit.record({ actor, action: 'session.refused', subject, details });
    throw error;
  }
}

interface SessionCookie {
  readonly token: string;
  readonly maxAgeSec: number;
}

function setCookie(request: FastifyRequest, reply: FastifyReply, { token, maxAgeSec }: SessionCookie): void {
  reply.setCookie(SESSION_COOKIE, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: maxAgeSec,
  });
}
