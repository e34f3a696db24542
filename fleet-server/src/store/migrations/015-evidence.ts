import { type Kysely, sql } from 'kysely';

/** Pictures of sightings, and a way to find a sighting by its id. */
export async function evidence(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('evidence_pictures')
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('event_id', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('offset_ms', 'integer', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('received_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('evidence_pictures_key', ['device_id', 'event_id', 'number'])
    .execute();
  await db.schema
    .createIndex('evidence_pictures_by_age')
    .on('evidence_pictures')
    .column('received_at_ms')
    .execute();
  await db.schema
    .createIndex('events_of_sighting')
    .on('events')
    .expression(sql`device_id, json_extract(body, '$.id')`)
    .execute();
}
