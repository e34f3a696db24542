import { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import { Id } from '@watchpost/shared/kernel/ids.ts';
import {
  EventId,
  EvidenceNumber,
  EvidencePut,
  MAX_EVIDENCE_PICTURE_BYTES,
} from '@watchpost/shared/messages/evidence.ts';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { actorOf, deviceOf } from '../guards.ts';
import { FOR_DEVICES, FOR_USERS } from '../openapi.ts';
import { Bytes, errorReplies, type HttpApp, type RouteDeps, type Routes, takeBytes } from '../route.ts';

const tags = ['evidence'];
const OfSighting = Type.Object({ id: Id, event: EventId });
const OfPicture = Type.Object({ id: Id, event: EventId, number: EvidenceNumber });

/** Pictures of sightings: boxes put them, people look at them. */
export const evidenceRoutes: Routes = (app, deps) => {
  takeBytes(app, ['image/jpeg']);
  addPut(app, deps);
  addReads(app, deps);
};

function addPut(app: HttpApp, { evidence, guards }: RouteDeps): void {
  app.put(
    '/device/events/:event/evidence/:number',
    {
      onRequest: guards.requireDevice,
      bodyLimit: MAX_EVIDENCE_PICTURE_BYTES,
      schema: {
        summary: 'Put a picture of a sighting of the device that asks',
        description: `A JPEG of up to ${MAX_EVIDENCE_PICTURE_BYTES} bytes as body. The same one again is no error; a sighting the server has not heard of yet is refused with EVENT_UNKNOWN.`,
        tags,
        security: FOR_DEVICES,
        consumes: ['image/jpeg'],
        params: Type.Object({ event: EventId, number: EvidenceNumber }),
        querystring: EvidencePut,
        response: { 204: Type.Null(), ...errorReplies },
      },
    },
    async (request, reply) => {
      const { event, number } = request.params;
      if (!(request.body instanceof Uint8Array))
        throw serverError('REQUEST_INVALID', 'body: no JPEG picture');
      const picture = { number, ...request.query, bytes: request.body };
      await evidence.put({ deviceId: deviceOf(request), event }, picture);
      return reply.code(204).send(null);
    },
  );
}

function addReads(app: HttpApp, { evidence, guards }: RouteDeps): void {
  app.get(
    '/devices/:id/events/:event/evidence',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Which pictures of a sighting there are',
        description: 'A device that still has them sends them when it is asked: the command `evidence`.',
        tags,
        security: FOR_USERS,
        params: OfSighting,
        response: { 200: EvidenceView, ...errorReplies },
      },
    },
    ({ params: { id: deviceId, event } }) => evidence.view({ deviceId, event }),
  );
  app.get(
    '/devices/:id/events/:event/evidence/:number',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'A picture of a sighting',
        description: 'Who looks at a sighting is in the audit log, once an hour.',
        tags,
        security: FOR_USERS,
        produces: ['image/jpeg'],
        params: OfPicture,
        response: { 200: Bytes, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { id: deviceId, event, number } = request.params;
      const bytes = await evidence.read({ deviceId, event }, number, actorOf(request));
      return reply.type('image/jpeg').header('cache-control', 'no-store').send(bytes);
    },
  );
}
