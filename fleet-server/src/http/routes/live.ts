import { userOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type Routes } from '../route.ts';

/** GET /live: the fleet as server-sent events. */
export const liveRoutes: Routes = (app, { access, guards, liveClients }) => {
  app.get(
    '/live',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Every device, then every change, as server-sent events',
        description:
          'Events `device` (data: a DeviceView), `event` (data: a StoredEvent) and `evidence` (data: an EvidenceView).',
        tags: ['live'],
        security: FOR_USERS,
        produces: ['text/event-stream'],
        response: errorReplies,
      },
    },
    (request, reply) => {
      const { credential } = userOf(request);
      reply.hijack();
      liveClients.open({
        response: reply.raw,
        headers: reply.getHeaders(),
        isStillAllowed: async () => (await access.accounts.identify(credential)) !== undefined,
      });
    },
  );
};
