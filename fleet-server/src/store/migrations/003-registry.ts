import type { CreateTableBuilder, Kysely } from 'kysely';

/** The life of model versions. Every table only grows: what is asked about the past is answered from it. */
export async function registry(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('bundles').addColumn('pushed_by', 'text').execute();
  await db.schema.alterTable('bundles').addColumn('released_at_ms', 'bigint').execute();
  await historyTable(db, 'model_transitions', 'digest')
    .addColumn('from_state', 'text', (column) => column.notNull())
    .addColumn('to_state', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .execute();
  await historyTable(db, 'model_certifications', 'digest')
    .addColumn('decision', 'text', (column) => column.notNull())
    .addColumn('report', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .execute();
  await historyTable(db, 'model_validations', 'digest')
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await historyTable(db, 'model_alias_changes', 'model')
    .addColumn('alias', 'text', (column) => column.notNull())
    .addColumn('from_version', 'text')
    .addColumn('to_version', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .execute();
  for (const table of ['model_transitions', 'model_certifications', 'model_validations'])
    await db.schema.createIndex(`${table}_by_digest`).on(table).columns(['digest', 'row_id']).execute();
}

function historyTable(db: Kysely<unknown>, name: string, of: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(name)
    .addColumn('row_id', 'integer', (column) => column.primaryKey())
    .addColumn(of, 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull());
}
