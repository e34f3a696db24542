import { NewUser, PasswordChange, UserChange, UserList, UserView } from '@watchpost/shared/api/people.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { actorOf, requireNoWait, userOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type RouteDeps, type Routes } from '../route.ts';

const UserParams = Type.Object({ name: Type.String({ maxLength: 64 }) });

/** /users: people who may use the API. */
export const userRoutes: Routes = (app, deps) => {
  const { access, audit, guards, liveClients } = deps;
  const schema = { tags: ['people'], security: FOR_USERS };

  app.get(
    '/users',
    {
      onRequest: guards.requireRole('admin'),
      schema: { ...schema, summary: 'Every user', response: { 200: UserList, ...errorReplies } },
    },
    async () => ({ users: [...(await access.people.list())] }),
  );

  app.post(
    '/users',
    {
      onRequest: guards.requireRole('admin'),
      schema: {
        ...schema,
        summary: 'Add a user',
        body: NewUser,
        response: { 201: UserView, ...errorReplies },
      },
    },
    async (request, reply) => {
      const user = await access.people.add(request.body);
      const { name: subject, roles } = user;
      await audit.record({ actor: actorOf(request), action: 'user.added', subject, details: { roles } });
      return reply.code(201).send(user);
    },
  );

  app.patch(
    '/users/:name',
    {
      onRequest: guards.requireRole('admin'),
      schema: {
        ...schema,
        summary: 'Change the roles of a user, disable one, or enable one again',
        description: 'Disabling a user ends the sessions and API tokens of that user.',
        params: UserParams,
        body: UserChange,
        response: { 200: UserView, ...errorReplies },
      },
    },
    async (request) => {
      const { name: subject } = request.params;
      const user = await access.people.change(subject, request.body);
      await liveClients.recheck();
      const actor = actorOf(request);
      await audit.record({ actor, action: 'user.changed', subject, details: { ...request.body } });
      return user;
    },
  );

  passwordRoute(app, deps);
};

const passwordRoute: Routes = (app, deps) => {
  const { access, audit, guards, liveClients } = deps;
  app.post(
    '/users/:name/password',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        tags: ['people'],
        security: FOR_USERS,
        summary: 'Set a password: the own one by giving the old one, that of another as admin',
        description: 'Ends every session and API token of the user.',
        params: UserParams,
        body: PasswordChange,
        response: { 204: Type.Null(), ...errorReplies },
      },
    },
    async (request, reply) => {
      const { name: subject } = request.params;
      await requireRight(deps, request, reply);
      await access.people.setPassword(subject, request.body.password);
      await liveClients.recheck();
      const actor = actorOf(request);
      await audit.record({ actor, action: 'user.password_changed', subject, details: {} });
      return reply.code(204).send(null);
    },
  );
};

/**
 * The old password is asked even of an admin for the own one: a session or token that was stolen must not become the
 * account itself.
 */
async function requireRight(
  { access, limits }: RouteDeps,
  request: FastifyRequest<{ Params: { name: string }; Body: PasswordChange }>,
  reply: FastifyReply,
): Promise<void> {
  const { user, roles } = userOf(request).session;
  const { name } = request.params;
  if (name !== user) {
    if (roles.includes('admin')) return;
    throw serverError('FORBIDDEN', `this needs the role admin, for ${name} is somebody else`);
  }
  const { oldPassword } = request.body;
  if (oldPassword === undefined) throw serverError('REQUEST_INVALID', 'body: /oldPassword is missing');
  const attempt = { address: request.ip, user };
  requireNoWait(limits.beginLogin(attempt), reply);
  await access.people.checkPassword(user, oldPassword);
  limits.loginSucceeded(attempt);
}
