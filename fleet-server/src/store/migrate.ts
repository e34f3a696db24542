import type { Kysely } from 'kysely';
import { serverError } from '../kernel/errors.ts';
import { initial } from './migrations/001-initial.ts';

/** One step of the schema. */
export type Migration = (db: Kysely<unknown>) => Promise<void>;

/** In order; number n is the n-th. Never edited after a release. */
export const MIGRATIONS: readonly Migration[] = [initial];

type Versions = {
  schema_versions: { version: number };
};

/**
 * Brings the schema to the newest version, each step in a transaction of its own with its number.
 * Kysely's Migrator is not used: with SQLite it runs steps outside of transactions.
 * @throws AppError STORE_TOO_NEW for a database that a newer server wrote
 */
export async function migrate(db: Kysely<unknown>, migrations = MIGRATIONS): Promise<void> {
  await db.schema
    .createTable('schema_versions')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .execute();
  const reached = await findVersion(db.withTables<Versions>());
  if (reached > migrations.length) {
    throw serverError(
      'STORE_TOO_NEW',
      `the database has schema version ${reached}; this server knows up to ${migrations.length}`,
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (index < reached) continue;
    await db.transaction().execute(async (tx) => {
      await step(tx);
      await tx
        .withTables<Versions>()

        .insertInto('schema_versions')
        .values({ version: index + 1 })
        .execute();
    });
  }
}

async function findVersion(db: Kysely<Versions>): Promise<number> {
  const row = await db
    .selectFrom('schema_versions')
    .select(({ fn }) => fn.max('version').as('version'))
    .executeTakeFirst();
  return row?.version ?? 0;
}
