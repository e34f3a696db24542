import type { Kysely } from 'kysely';

/** What each device measured in each window, as narrow as can be: gates read thousands at a time. */
export async function deviceWindows(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('device_windows')
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('ended_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('window_sec', 'real', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('frames_captured', 'bigint', (column) => column.notNull())
    .addColumn('frames_classified', 'bigint', (column) => column.notNull())
    .addColumn('frames_failed', 'bigint', (column) => column.notNull())
    .addColumn('infer_p95_ms', 'real')
    .addColumn('celsius', 'real')
    .addColumn('throttled', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('device_windows_key', ['device_id', 'ended_at_ms'])
    .execute();
}
