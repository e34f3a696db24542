import type { Kysely } from 'kysely';

/** What people set on each device, with every version there was. */
export async function deviceConfigs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('device_configs')
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('device_configs_key', ['device_id', 'version'])
    .execute();
}
