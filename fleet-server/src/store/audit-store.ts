import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import type { ChainedEntry } from '../audit/port.ts';
import { attempt } from './attempt.ts';
import type { AuditStore } from './port.ts';
import type { AuditRow, Db } from './schema.ts';

/** Entries are added and read; nothing here changes or removes one. */
export function createAuditStore(db: Db): AuditStore {
  return {
    append: (makeNext) =>
      attempt('add to the audit log', () =>
        db.transaction().execute(async (tx) => {
          const last = await tx
            .selectFrom('audit_entries')
            .selectAll()
            .orderBy('seq', 'desc')
            .limit(1)
            .executeTakeFirst();
          const { hash, ...content } = makeNext(last && toEntry(last));
          const entry = canonicalJson(content);
          await tx.insertInto('audit_entries').values({ seq: content.seq, entry, hash }).execute();
          return { ...content, hash };
        }),
      ),
    list: ({ afterSeq, limit }) =>
      attempt('read the audit log', async () => {
        const rows = await db
          .selectFrom('audit_entries')
          .selectAll()
          .where('seq', '>', afterSeq)
          .orderBy('seq')
          .limit(limit)
          .execute();
        return rows.map(toEntry);
      }),
  };
}

/** The number is the row's own: a row that was renumbered must not pass for the one it was. */
const toEntry = ({ seq, entry, hash }: AuditRow): ChainedEntry => ({
  ...(JSON.parse(entry) as Omit<ChainedEntry, 'hash'>),
  seq,
  hash,
});
