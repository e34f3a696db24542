import type { Kysely } from 'kysely';

/** What people say about devices: where they stand, their tags and attributes, groups of them, filters with a name. */
export async function targeting(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sites')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('timezone', 'text', (column) => column.notNull())
    .addColumn('address', 'text')
    .addColumn('lat', 'double precision')
    .addColumn('lon', 'double precision')
    .execute();
  await db.schema
    .createTable('device_metadata')
    .addColumn('device_id', 'text', (column) => column.primaryKey())
    .addColumn('site', 'text')
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('attrs', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('device_groups')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('description', 'text')
    .addColumn('filter', 'text')
    .addColumn('devices', 'text')
    .execute();
  await db.schema
    .createTable('saved_filters')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('description', 'text')
    .addColumn('filter', 'text', (column) => column.notNull())
    .execute();
}
