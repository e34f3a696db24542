import { type Kysely, sql } from 'kysely';

/** Where a deployment stands follows from all its changes; no change is the one that counted last. */
export async function changeStates(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('deployment_changes')
    .addColumn('state', 'text', (column) => column.notNull().defaultTo('pending'))
    .execute();
  await sql`update deployment_changes set state = json_extract(body, '$.state')`.execute(db);
  await db.schema.alterTable('deployments').dropColumn('change_epoch').execute();
  await db.schema.alterTable('deployments').dropColumn('change_seq').execute();
}
