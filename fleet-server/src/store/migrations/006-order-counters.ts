import type { Kysely } from 'kysely';

/** The counter of the newest order of every device; it outlives the deployments. */
export async function orderCounters(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('order_counters')
    .addColumn('device_id', 'text', (column) => column.primaryKey())
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .execute();
}
