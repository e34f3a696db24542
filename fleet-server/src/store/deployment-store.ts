import type { DeploymentChange } from '@watchpost/shared/messages/deployment.ts';
import { type Selectable, sql } from 'kysely';
import { attempt } from './attempt.ts';
import { applyChange, type DeploymentProgress } from './deployment-progress.ts';
import type { DeploymentRecord, DeploymentStore } from './port.ts';
import type { Db, DeploymentRow, Tx } from './schema.ts';

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
    takeOrderCounter: (deviceId, atLeast) =>
      attempt('number an order', async () => {
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
      }),
  };
}

/** A change as a device reported it. */
export interface ReportedChange {
  readonly deviceId: string;
  readonly body: DeploymentChange;
}

/**
 * Moves the deployments that `changes` speak of, in the order of their numbers; a device can move only its own.
 * @returns those that moved
 */
export async function moveDeployments(
  tx: Tx,
  changes: readonly ReportedChange[],
  atMs: number,
): Promise<readonly DeploymentRecord[]> {
  if (changes.length === 0) return [];
  const rows = await tx
    .selectFrom('deployments')
    .selectAll()
    .where('id', 'in', [...new Set(changes.map(({ body }) => body.deploymentId))])
    .execute();
  const moved: DeploymentRecord[] = [];
  for (const row of rows) {
    const own = changes.filter((it) => it.body.deploymentId === row.id && it.deviceId === row.device_id);
    const after = progressAfter(row, own);
    if (after === undefined) continue;
    const changed = { ...row, ...columnsOf(after), updated_at_ms: atMs };
    await tx.updateTable('deployments').set(changed).where('row_id', '=', row.row_id).execute();
    moved.push(toDeployment(changed));
  }
  return moved;
}

/** @returns undefined when nothing moved */
function progressAfter(
  row: Selectable<DeploymentRow>,
  changes: readonly ReportedChange[],
): DeploymentProgress | undefined {
  let after: DeploymentProgress | undefined;
  const before = toProgress(row);
  for (const { body } of [...changes].sort((a, b) => a.body.seq - b.body.seq)) {
    after = applyChange(after ?? before, body) ?? after;
  }
  return after;
}

const toProgress = (row: Selectable<DeploymentRow>): DeploymentProgress => ({
  state: row.state,
  ...(row.change_epoch === null ? {} : { epoch: row.change_epoch }),
  ...(row.change_seq === null ? {} : { seq: row.change_seq }),
});

const columnsOf = (progress: DeploymentProgress) => ({
  state: progress.state,
  reason: progress.reason ?? null,
  detail: progress.detail ?? null,
  change_epoch: progress.epoch ?? null,
  change_seq: progress.seq ?? null,
});

const fromDeployment = (deployment: DeploymentRecord): Omit<DeploymentRow, 'row_id'> => ({
  id: deployment.id,
  device_id: deployment.deviceId,
  bundle_digest: deployment.bundleDigest,
  model: deployment.model,
  version: deployment.version,
  state: deployment.state,
  reason: deployment.reason ?? null,
  detail: deployment.detail ?? null,
  order_jws: deployment.order,
  change_epoch: null,
  change_seq: null,
  created_at_ms: deployment.createdAtMs,
  updated_at_ms: deployment.updatedAtMs,
});

const toDeployment = (row: Selectable<DeploymentRow>): DeploymentRecord => ({
  id: row.id,
  deviceId: row.device_id,
  bundleDigest: row.bundle_digest,
  model: row.model,
  version: row.version,
  state: row.state,
  ...(row.reason === null ? {} : { reason: row.reason }),
  ...(row.detail === null ? {} : { detail: row.detail }),
  order: row.order_jws,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});
