import { attempt } from './attempt.ts';
import type { TrustStore } from './port.ts';
import type { Db } from './schema.ts';

export function createTrustStore(db: Db): TrustStore {
  return {
    readFile: (name) =>
      attempt('read trust metadata', async () => {
        const row = await db
          .selectFrom('tuf_files')
          .select('body')
          .where('name', '=', name)
          .executeTakeFirst();
        return row?.body;
      }),
    newest: (role) =>
      attempt('read trust metadata', async () => {
        const row = await db
          .selectFrom('tuf_files')
          .select('body')
          .where('role', '=', role)
          .orderBy('version', 'desc')
          .limit(1)
          .executeTakeFirst();
        return row?.body;
      }),
    staged: () =>
      attempt('read staged trust metadata', () => db.selectFrom('tuf_staged').selectAll().execute()),
    stage: (documents) =>
      attempt('stage trust metadata', async () => {
        await db
          .insertInto('tuf_staged')
          .values(documents.map(({ role, body }) => ({ role, body })))
          .onConflict((conflict) =>
            conflict.column('role').doUpdateSet(({ ref }) => ({ body: ref('excluded.body') })),
          )
          .execute();
      }),
    publish: (files, unstage) =>
      attempt('publish trust metadata', () =>
        db.transaction().execute(async (tx) => {
          await tx
            .insertInto('tuf_files')
            .values(files.map(({ createdAtMs, ...file }) => ({ ...file, created_at_ms: createdAtMs })))
            // The timestamp is the one document whose name stays; no other version is ever written twice.
            .onConflict((conflict) =>
              conflict
                .column('name')
                .doUpdateSet(({ ref }) => ({
                  version: ref('excluded.version'),
                  body: ref('excluded.body'),
                  created_at_ms: ref('excluded.created_at_ms'),
                }))
                .where('tuf_files.role', '=', 'timestamp'),
            )
            .execute();
          if (unstage.length > 0)
            await tx
              .deleteFrom('tuf_staged')
              .where('role', 'in', [...unstage])
              .execute();
        }),
      ),
  };
}
