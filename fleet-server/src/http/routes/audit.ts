import { Readable } from 'node:stream';
import { AuditPage } from '@watchpost/shared/api/people.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import Type from 'typebox';
import type { AuditLog } from '../../audit/port.ts';
import { FOR_USERS } from '../openapi.ts';
import { Bytes, errorReplies, type Routes } from '../route.ts';

const EXPORT_PAGE = 500;
const AuditQuery = Type.Object(
  {
    after: Type.Integer({ minimum: 0, default: 0, description: '`next` of the page before' }),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
  },
  { additionalProperties: false },
);

/** /audit: who changed what. */
export const auditRoutes: Routes = (app, { audit, guards }) => {
  const schema = { tags: ['audit'], security: FOR_USERS };

  app.get(
    '/audit',
    {
      onRequest: guards.requireRole('qa'),
      schema: {
        ...schema,
        summary: 'Who changed what, oldest first',
        description:
          'Each `hash` is the SHA-256 of the hash before (64 zeros at first) and the canonical JSON (RFC 8785) of the entry without `hash`.',
        querystring: AuditQuery,
        response: { 200: AuditPage, ...errorReplies },
      },
    },
    async (request): Promise<AuditPage> => {
      const { after, limit } = request.query;
      // One more than asked for tells whether there is a next page.
      const found = await audit.list({ afterSeq: after, limit: limit + 1 });
      const entries = found.slice(0, limit).map((entry) => ({ ...entry, details: { ...entry.details } }));
      const last = entries.at(-1);
      return found.length > limit && last !== undefined ? { entries, next: last.seq } : { entries };
    },
  );

  app.get(
    '/audit/export',
    {
      onRequest: guards.requireRole('qa'),
      schema: {
        ...schema,
        summary: 'The whole record as JSON lines, oldest first',
        produces: ['application/x-ndjson'],
        response: { 200: Bytes, ...errorReplies },
      },
    },
    async (_request, reply) => reply.type('application/x-ndjson').send(Readable.from(writeLines(audit))),
  );
};

async function* writeLines(audit: Pick<AuditLog, 'list'>): AsyncGenerator<string> {
  let afterSeq = 0;
  for (;;) {
    const page = await audit.list({ afterSeq, limit: EXPORT_PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map((entry) => `${canonicalJson(entry)}\n`).join('');
    afterSeq = last.seq;
  }
}
