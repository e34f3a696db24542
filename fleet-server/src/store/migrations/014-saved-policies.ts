import type { Kysely } from 'kysely';

/** Policies of rollouts with a name. */
export async function savedPolicies(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('saved_policies')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('policy', 'text', (column) => column.notNull())
    .execute();
}
