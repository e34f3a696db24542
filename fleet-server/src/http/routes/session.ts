import { LoginRequest, SessionView } from '@watchpost/shared/api/registry.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { requireSameOrigin, SESSION_COOKIE, userOf } from '../guards.ts';
import { createLoginThrottle } from '../login-throttle.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type Routes } from '../route.ts';

/** /session: logging in and out, and who is logged in. */
export const sessionRoutes: Routes = (app, { access, guards, nowMs }) => {
  const throttle = createLoginThrottle();
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
      const { user, password } = request.body;
      const keys = [request.ip, `${request.ip} ${user}`];
      const waitMs = Math.max(...keys.map((key) => throttle.attempt(key, nowMs())));
      if (waitMs > 0) throw tooMany(waitMs, reply);
      const { token, session } = await access.accounts.login(user, password);
      for (const key of keys) throttle.succeed(key);
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
      await access.accounts.logout(userOf(request).token);
      setCookie(request, reply, { token: '', maxAgeSec: 0 });
      return reply.code(204).send(null);
    },
  );
};

function tooMany(waitMs: number, reply: FastifyReply): Error {
  const waitSec = Math.ceil(waitMs / 1000);
  reply.header('retry-after', waitSec);
  return serverError('LOGIN_RATE', `too many failed logins: wait ${waitSec} s`);
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
