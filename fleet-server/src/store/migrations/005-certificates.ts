import type { Kysely } from 'kysely';

/** Certificates of boxes as they were issued, and the keys no certificate is issued for any more. */
export async function certificates(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('device_certificates')
    .addColumn('serial', 'text', (column) => column.primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('not_before_ms', 'bigint', (column) => column.notNull())
    .addColumn('not_after_ms', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at_ms', 'bigint')
    .execute();
  await db.schema
    .createIndex('device_certificates_of_device')
    .on('device_certificates')
    .column('device_id')
    .execute();
  await db.schema
    .createTable('revoked_keys')
    .addColumn('fingerprint', 'text', (column) => column.primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('revoked_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}
