import { EventPage, type StoredEvent } from '@watchpost/shared/api/fleet.ts';
import { Id } from '@watchpost/shared/kernel/ids.ts';
import { isEventId } from '@watchpost/shared/messages/evidence.ts';
import Type from 'typebox';
import type { Evidence } from '../../evidence/port.ts';
import type { EventRow } from '../../store/port.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type Routes } from '../route.ts';

const EventQuery = Type.Object(
  {
    device: Type.Optional(Id),
    camera: Type.Optional(Id),
    before: Type.Optional(Type.Integer({ minimum: 1, description: '`next` of the page before' })),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
  },
  { additionalProperties: false },
);

/** GET /events: newest first, page by page. */
export const eventRoutes: Routes = (app, { fleet, evidence, guards }) => {
  app.get(
    '/events',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Stored events, newest first',
        tags: ['events'],
        security: FOR_USERS,
        querystring: EventQuery,
        response: { 200: EventPage, ...errorReplies },
      },
    },
    async (request): Promise<EventPage> => {
      const { device, camera, before, limit } = request.query;
      // One more than asked for tells whether there is a next page.
      const rows = await fleet.reports.events({
        limit: limit + 1,
        ...(device !== undefined && { deviceId: device }),
        ...(camera !== undefined && { camera }),
        ...(before !== undefined && { before }),
      });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const events = await viewEvents(page, evidence);
      return rows.length > limit && last !== undefined ? { events, next: last.rowId } : { events };
    },
  );
};

/** With what there is of their pictures: only a sighting with an id of its own can have any. */
async function viewEvents(page: readonly EventRow[], evidence: Evidence): Promise<StoredEvent[]> {
  const keys = page.map(({ deviceId, id: event }) => ({ deviceId, event }));
  const pictures = await evidence.viewAll(keys);
  return page.map((row, index) => {
    const found = isEventId(row.id) ? pictures[index] : undefined;
    return { ...viewEvent(row), ...(found !== undefined && { evidence: found }) };
  });
}

function viewEvent({
  rowId: _rowId,
  epoch: _epoch,
  seq: _seq,
  firstSeq: _first,
  ...event
}: EventRow): StoredEvent {
  return event;
}
