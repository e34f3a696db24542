import { serverError } from '../kernel/errors.ts';
import { attempt } from './attempt.ts';
import type { BundleRecord, BundleStore } from './port.ts';
import type { BundleRow, Db } from './schema.ts';

export function createBundleStore(db: Db): BundleStore {
  const findBy = (digest: string) =>
    db.selectFrom('bundles').selectAll().where('digest', '=', digest).executeTakeFirst();
  return {
    add: (bundle) =>
      attempt('add a bundle', async () => {
        const { model, version } = bundle.manifest;
        await db
          .insertInto('bundles')
          .values(fromBundle(bundle))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        if ((await findBy(bundle.digest)) === undefined) {
          throw serverError('VERSION_TAKEN', `bundle ${model} ${version} exists with other content`);
        }
      }),
    find: (digest) =>
      attempt('read a bundle', async () => {
        const row = await findBy(digest);
        return row && toBundle(row);
      }),
    findVersion: (model, version) =>
      attempt('read a bundle', async () => {
        const row = await db
          .selectFrom('bundles')
          .selectAll()
          .where('model', '=', model)
          .where('version', '=', version)
          .executeTakeFirst();
        return row && toBundle(row);
      }),
    list: () =>
      attempt('list the bundles', async () => {
        const rows = await db
          .selectFrom('bundles')
          .selectAll()
          .orderBy('created_at_ms', 'desc')
          .orderBy('digest')
          .execute();
        return rows.map(toBundle);
      }),
  };
}

const fromBundle = (bundle: BundleRecord): BundleRow => ({
  digest: bundle.digest,
  model: bundle.manifest.model,
  version: bundle.manifest.version,
  manifest: JSON.stringify(bundle.manifest),
  state: bundle.state,
  created_at_ms: bundle.createdAtMs,
  pushed_by: bundle.pushedBy ?? null,
  released_at_ms: bundle.releasedAtMs ?? null,
});

const toBundle = (row: BundleRow): BundleRecord => ({
  digest: row.digest,
  manifest: JSON.parse(row.manifest) as BundleRecord['manifest'],
  state: row.state,
  createdAtMs: row.created_at_ms,
  ...(row.pushed_by !== null && { pushedBy: row.pushed_by }),
  ...(row.released_at_ms !== null && { releasedAtMs: row.released_at_ms }),
});
