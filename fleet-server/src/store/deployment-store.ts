import { sql } from 'kysely';
import { attempt } from './attempt.ts';
import { readChanges, readRunChanges, readSelfTests } from './deployment-changes.ts';
import { fromDeployment, toDeployment } from './deployment-rows.ts';
import type { DeploymentPage, DeploymentQuery, DeploymentStore } from './port.ts';
import type { Db } from './schema.ts';

export function createDeploymentStore(db: Db): DeploymentStore {
  return {
    add: (deployment) =>
      attempt('add a deployment', async () => {
        await db.insertInto('deployments').values(fromDeployment(deployment)).execute();
      }),
    latest: (deviceId) =>
      attempt('read a deployment', async () => {
        const row = await db
          .selectFrom('deployments')
          .selectAll()
          .where('device_id', '=', deviceId)
          .orderBy('row_id', 'desc')
          .limit(1)
          .executeTakeFirst();
        return row && toDeployment(row);
      }),
    latestOfAll: () =>
      attempt('list the deployments', async () => {
        const rows = await db
          .selectFrom('deployments')
          .selectAll()
          .where('row_id', 'in', (inner) =>
            inner
              .selectFrom('deployments')
              .select(({ fn }) => fn.max('row_id').as('newest'))
              .groupBy('device_id'),
          )
          .orderBy('device_id')
          .execute();
        return rows.map(toDeployment);
      }),
    page: (query) => attempt('list the deployments of a device', () => readPage(db, query)),
    runChanges: (deviceId) => attempt('read what a device ran', () => readRunChanges(db, deviceId)),
    selfTests: (bundleDigest, maxDeployments) =>
      attempt('read the self-tests of a bundle', () => readSelfTests(db, bundleDigest, maxDeployments)),
    takeOrderCounter: (deviceId, atLeast) =>
      attempt('number an order', () => takeCounter(db, deviceId, atLeast)),
    takeOrderCounters: (deviceIds, atLeast) =>
      attempt('number orders', () =>
        db.transaction().execute(async (tx) => {
          const counters: number[] = [];
          for (const deviceId of deviceIds) counters.push(await takeCounter(tx, deviceId, atLeast));
          return counters;
        }),
      ),
  };
}

async function takeCounter(db: Db, deviceId: string, atLeast: number): Promise<number> {
  const { counter } = await db
    .insertInto('order_counters')
    .values({ device_id: deviceId, counter: atLeast })
    .onConflict((conflict) =>
      conflict
        .column('device_id')
        .doUpdateSet({ counter: sql`max(order_counters.counter + 1, excluded.counter)` }),
    )
    .returning('counter')
    .executeTakeFirstOrThrow();
  return counter;
}

async function readPage(db: Db, { deviceId, before, limit }: DeploymentQuery): Promise<DeploymentPage> {
  let select = db
    .selectFrom('deployments')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('row_id', 'desc')
    .limit(limit + 1);
  if (before !== undefined) select = select.where('row_id', '<', before);
  const rows = await select.execute();
  const page = rows.slice(0, limit);
  const deployments = await Promise.all(
    page.map(async (row) => ({ ...toDeployment(row), changes: await readChanges(db, row) })),
  );
  const next = rows.length > limit ? page.at(-1)?.row_id : undefined;
  return { deployments, ...(next !== undefined && { next }) };
}
