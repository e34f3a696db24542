import type { Kysely } from 'kysely';

/** Published TUF metadata by the name it is served under, and what waits for signatures. */
export async function tuf(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tuf_files')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('tuf_files_role').on('tuf_files').columns(['role', 'version']).execute();
  await db.schema
    .createTable('tuf_staged')
    .addColumn('role', 'text', (column) => column.primaryKey())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
}
