import type { Kysely } from 'kysely';

/** What devices were asked to do, and what came of it. */
export async function commands(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('commands')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('args', 'text', (column) => column.notNull())
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('sent_at_ms', 'bigint')
    .addColumn('ended_at_ms', 'bigint')
    .addColumn('code', 'text')
    .addColumn('detail', 'text')
    .addColumn('result', 'text')
    .addColumn('file', 'text')
    .execute();
  await db.schema
    .createIndex('commands_of_device')
    .on('commands')
    .columns(['device_id', 'counter'])
    .execute();
  await db.schema
    .createIndex('commands_by_state')
    .on('commands')
    .columns(['state', 'expires_at_ms'])
    .execute();
}
