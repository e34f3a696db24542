import type { Kysely } from 'kysely';
import { serverError } from '../kernel/errors.ts';
import { initial } from './migrations/001-initial.ts';
import { people } from './migrations/002-people.ts';
import { registry } from './migrations/003-registry.ts';
import { tuf } from './migrations/004-tuf.ts';
import { certificates } from './migrations/005-certificates.ts';
import { orderCounters } from './migrations/006-order-counters.ts';
import { unsignedBundles } from './migrations/007-unsigned-bundles.ts';
import { changeStates } from './migrations/008-change-states.ts';
import { deviceConfigs } from './migrations/009-device-configs.ts';
import { targeting } from './migrations/010-targeting.ts';
import { rollouts } from './migrations/011-rollouts.ts';
import { deviceWindows } from './migrations/012-device-windows.ts';
import { commands } from './migrations/013-commands.ts';
import { savedPolicies } from './migrations/014-saved-policies.ts';
import { evidence } from './migrations/015-evidence.ts';

/** One step of the schema. */
export type Migration = (db: Kysely<unknown>) => Promise<void>;

/** By number, run in rising order; each depends on the first one at most. Never edited after a release. */
export const MIGRATIONS: Readonly<Record<number, Migration>> = {
  1: initial,
  2: people,
  3: registry,
  4: tuf,
  5: certificates,
  6: orderCounters,
  7: unsignedBundles,
  8: changeStates,
  9: deviceConfigs,
  10: targeting,
  11: rollouts,
  12: deviceWindows,
  13: commands,
  14: savedPolicies,
  15: evidence,
};

type Versions = {
  schema_versions: { version: number };
};

/**
 * Does every step the database has not seen, each in a transaction of its own with its number.
 * Kysely's Migrator is not used: with SQLite it runs steps outside of transactions.
 * @throws AppError STORE_TOO_NEW for a database that a newer server wrote
 */
export async function migrate(db: Kysely<unknown>, migrations = MIGRATIONS): Promise<void> {
  await db.schema
    .createTable('schema_versions')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .execute();
  const applied = await listVersions(db.withTables<Versions>());
  const unknown = applied.filter((version) => migrations[version] === undefined);
  if (unknown.length > 0) {
    throw serverError(
      'STORE_TOO_NEW',
      `the database has schema version ${unknown.join(', ')}, which this server does not know`,
    );
  }
  // Integer keys are listed in rising order.
  for (const [number, step] of Object.entries(migrations)) {
    const version = Number(number);
    if (applied.includes(version)) continue;
    await db.transaction().execute(async (tx) => {
      await step(tx);
      await tx.withTables<Versions>().insertInto('schema_versions').values({ version }).execute();
    });
  }
}

async function listVersions(db: Kysely<Versions>): Promise<readonly number[]> {
  const rows = await db.selectFrom('schema_versions').select('version').orderBy('version').execute();
  return rows.map(({ version }) => version);
}
