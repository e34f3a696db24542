import type { CreateTableBuilder, Kysely } from 'kysely';

/** The hot tables are append-only: what is stored once is decided by `cursors` and `pending_seqs`, not by an index. */
export async function initial(db: Kysely<unknown>): Promise<void> {
  await createRegistry(db);
  await createReports(db);
  await createAccounts(db);
}

async function createRegistry(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('devices')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('fleet', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('secret_sha256', 'text', (column) => column.notNull())
    .addColumn('hardware', 'text', (column) => column.notNull())
    .addColumn('enrolled_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('enrolment_tokens')
    .addColumn('token_sha256', 'text', (column) => column.primaryKey())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('used_by', 'text')
    .execute();
  await db.schema
    .createTable('bundles')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('manifest', 'text', (column) => column.notNull())
    .addColumn('signatures', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('bundles_version', ['model', 'version'])
    .execute();
  await createDeployments(db);
}

async function createDeployments(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('deployments')
    .addColumn('row_id', 'integer', (column) => column.primaryKey())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id'))
    .addColumn('bundle_digest', 'text', (column) => column.notNull().references('bundles.digest'))
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('detail', 'text')
    .addColumn('order_jws', 'text', (column) => column.notNull())
    .addColumn('change_epoch', 'text')
    .addColumn('change_seq', 'bigint')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await createIndex(db, 'deployments', ['device_id', 'row_id']);
}

/** No foreign key: a report is stored whatever became of its device. */
async function createReports(db: Kysely<unknown>): Promise<void> {
  await reportTable(db, 'events')
    .addColumn('camera', 'text', (column) => column.notNull())
    .execute();
  await createIndex(db, 'events', ['device_id', 'row_id']);
  await reportTable(db, 'deployment_changes')
    .addColumn('deployment_id', 'text', (column) => column.notNull())
    .execute();
  await createIndex(db, 'deployment_changes', ['deployment_id', 'row_id']);
  await reportTable(db, 'telemetry_summaries')
    .addColumn('ts_ms', 'bigint', (column) => column.notNull())
    .execute();
  await createIndex(db, 'telemetry_summaries', ['device_id', 'ts_ms']);
  await reportTable(db, 'rejected_reports')
    .addColumn('stream', 'text', (column) => column.notNull())
    .addColumn('problem', 'text', (column) => column.notNull())
    .execute();
  await streamTable(db, 'cursors')
    .addColumn('up_to', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('cursors_key', ['device_id', 'epoch', 'stream'])
    .execute();
  await streamTable(db, 'pending_seqs')
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('pending_seqs_key', ['device_id', 'epoch', 'stream', 'seq'])
    .execute();
}

async function createAccounts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('sessions')
    .addColumn('token_sha256', 'text', (column) => column.primaryKey())
    .addColumn('user_name', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

function reportTable(db: Kysely<unknown>, name: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(name)
    .addColumn('row_id', 'integer', (column) => column.primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('received_at_ms', 'bigint', (column) => column.notNull());
}

function streamTable(db: Kysely<unknown>, name: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(name)
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('stream', 'text', (column) => column.notNull());
}

async function createIndex(db: Kysely<unknown>, table: string, columns: string[]): Promise<void> {
  await db.schema.createIndex(`${table}_by_${columns[0]}`).on(table).columns(columns).execute();
}
