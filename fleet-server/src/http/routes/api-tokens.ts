import { ApiTokenList, ApiTokenReply, ApiTokenRequest } from '@watchpost/shared/api/people.ts';
import Type from 'typebox';
import { actorOf, userOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type Routes } from '../route.ts';

/** /api-tokens: what programs log in with. */
export const apiTokenRoutes: Routes = (app, { access, audit, guards, liveClients }) => {
  const schema = { tags: ['people'], security: FOR_USERS };

  app.get(
    '/api-tokens',
    {
      onRequest: guards.requireRole('admin'),
      schema: { ...schema, summary: 'Every API token', response: { 200: ApiTokenList, ...errorReplies } },
    },
    async () => ({ tokens: [...(await access.apiTokens.list())] }),
  );

  app.post(
    '/api-tokens',
    {
      onRequest: guards.requireRole('admin'),
      schema: {
        ...schema,
        summary: 'Make an API token, which is shown this once',
        body: ApiTokenRequest,
        response: { 201: ApiTokenReply, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { user = userOf(request).session.user } = request.body;
      const made = await access.apiTokens.create({ ...request.body, user });
      const { id: subject, createdAtMs: _, ...details } = made.info;
      await audit.record({ actor: actorOf(request), action: 'api_token.created', subject, details });
      return reply.code(201).send(made);
    },
  );

  app.delete(
    '/api-tokens/:id',
    {
      onRequest: guards.requireRole('admin'),
      schema: {
        ...schema,
        summary: 'Revoke an API token, at once',
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 204: Type.Null(), ...errorReplies },
      },
    },
    async (request, reply) => {
      const { id: subject, user, role, description } = await access.apiTokens.revoke(request.params.id);
      await liveClients.recheck();
      const details = { user, role, description };
      await audit.record({ actor: actorOf(request), action: 'api_token.revoked', subject, details });
      return reply.code(204).send(null);
    },
  );
};
