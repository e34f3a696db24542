import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { DeploymentChange } from '@watchpost/shared/messages/deployment.ts';
import type { Selectable } from 'kysely';
import { findStanding, orderChanges } from './deployment-progress.ts';
import { toDeployment } from './deployment-rows.ts';
import type { DeploymentChangeRecord, DeploymentRecord, SelfTestRecord } from './port.ts';
import type { Db, DeploymentChangeRow, DeploymentRow, Tx } from './schema.ts';

/** A change as a device reported it. */
export interface ReportedChange {
  readonly deviceId: string;
  readonly body: DeploymentChange;
}

/** Changes of one deployment that are shown: a box that works as it should makes about ten, of a few KB each. */
const MAX_SHOWN = 100;
const MAX_SHOWN_CHARS = 512 * 1024;

/** States in which the model that runs may change. */
const RUN_STATES: readonly DeploymentState[] = [
  'testing',
  'success',
  'already_installed',
  'rolled_back',
  'failure',
];

/**
 * Brings the deployments that `changes` speak of to where all their stored changes lead, whatever the order in which
 * those came; a device can move only its own.
 * @param changes stored already
 * @returns the deployments they speak of, as they are now
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
  const spokenOf = rows.filter(({ id, device_id }) =>
    changes.some(({ deviceId, body }) => deviceId === device_id && body.deploymentId === id),
  );
  const standings = await readStandings(tx, spokenOf);
  const moved: DeploymentRecord[] = [];
  for (const row of spokenOf) {
    const standing = standings.get(row.id);
    // What the server has ended ends otherwise only when the device tells how.
    const isStale = isEnd(row.state) && standing !== undefined && !isEnd(standing.state);
    const change = { ...(isStale ? {} : standing), updated_at_ms: atMs };
    await tx.updateTable('deployments').set(change).where('row_id', '=', row.row_id).execute();
    moved.push(toDeployment({ ...row, ...change }));
  }
  return moved;
}

const isEnd = (state: DeploymentState): boolean => isTerminal(DEPLOYMENT_LIFECYCLE, state);

type Standing = Pick<DeploymentRow, 'state' | 'reason' | 'detail'>;

/** @returns by id the columns that say where the deployments stand; all are read together, for there are many in a batch */
async function readStandings(
  tx: Tx,
  deployments: readonly Pick<DeploymentRow, 'id' | 'device_id'>[],
): Promise<ReadonlyMap<string, Standing>> {
  if (deployments.length === 0) return new Map();
  const told = await tx
    .selectFrom('deployment_changes')
    .select(['row_id', 'deployment_id', 'device_id', 'epoch', 'seq', 'state'])
    .where(
      'deployment_id',
      'in',
      deployments.map(({ id }) => id),
    )
    .orderBy('row_id')
    .execute();
  const byDeployment = Map.groupBy(told, ({ deployment_id }) => deployment_id);
  const standing = deployments.flatMap(({ id, device_id }) => {
    const own = byDeployment.get(id)?.filter((change) => change.device_id === device_id) ?? [];
    return findStanding(orderChanges(own)) ?? [];
  });
  return readReasons(tx, standing);
}

async function readReasons(
  tx: Tx,
  standing: readonly { readonly row_id: number }[],
): Promise<ReadonlyMap<string, Standing>> {
  if (standing.length === 0) return new Map();
  const rows = await tx
    .selectFrom('deployment_changes')
    .select(['deployment_id', 'body'])
    .where(
      'row_id',
      'in',
      standing.map(({ row_id }) => row_id),
    )
    .execute();
  return new Map(
    rows.map(({ deployment_id, body }) => {
      const { state, reason = null, detail = null } = JSON.parse(body) as DeploymentChange;
      return [deployment_id, { state, reason, detail }];
    }),
  );
}

/** In the order in which the device made them; of very many those that came last. */
export async function readChanges(
  db: Db,
  { id, device_id, bundle_digest }: Pick<DeploymentRow, 'id' | 'device_id' | 'bundle_digest'>,
): Promise<readonly DeploymentChangeRecord[]> {
  const rows = await db
    .selectFrom('deployment_changes')
    .selectAll()
    .where('deployment_id', '=', id)
    .where('device_id', '=', device_id)
    .orderBy('row_id', 'desc')
    .limit(MAX_SHOWN)
    .execute();
  return orderChanges(takeShown(rows).reverse()).map((row) => toChange({ ...row, bundle_digest }));
}

/** The first that are together short enough. */
function takeShown<R extends { readonly body: string }>(rows: readonly R[]): R[] {
  let left = MAX_SHOWN_CHARS;
  return rows.filter(({ body }) => {
    left -= body.length;
    return left >= 0;
  });
}

/** What a device told of its own deployments that may say which model ran, in the order in which it made them. */
export async function readRunChanges(db: Db, deviceId: string): Promise<readonly DeploymentChangeRecord[]> {
  const rows = await db
    .selectFrom('deployments')
    .innerJoin('deployment_changes', 'deployment_changes.deployment_id', 'deployments.id')
    .selectAll('deployment_changes')
    .select('deployments.bundle_digest')
    .where('deployments.device_id', '=', deviceId)
    .where('deployment_changes.device_id', '=', deviceId)
    .where('deployment_changes.state', 'in', RUN_STATES)
    .orderBy('deployment_changes.row_id')
    .execute();
  return orderChanges(rows).map(toChange);
}

/** Of the newest deployments that came so far. */
export async function readSelfTests(
  db: Db,
  bundleDigest: string,
  maxDeployments: number,
): Promise<readonly SelfTestRecord[]> {
  const rows = await db
    .selectFrom((inner) =>
      inner
        .selectFrom('deployments')
        .select(['id', 'device_id'])
        .where('bundle_digest', '=', bundleDigest)
        .where('state', 'in', RUN_STATES)
        .orderBy('row_id', 'desc')
        .limit(maxDeployments)
        .as('newest'),
    )
    .innerJoin('deployment_changes', (join) =>
      join
        .onRef('deployment_changes.deployment_id', '=', 'newest.id')
        .onRef('deployment_changes.device_id', '=', 'newest.device_id'),
    )
    .select(['deployment_changes.device_id', 'deployment_changes.body'])
    .where('deployment_changes.state', '=', 'testing')
    .where('deployment_changes.body', 'like', '%"kind":"self_test"%')
    .execute();
  return rows.flatMap(({ device_id, body }) => {
    const { findings } = JSON.parse(body) as DeploymentChange;
    return findings?.kind === 'self_test' ? [{ deviceId: device_id, findings }] : [];
  });
}

/** The digest is the one that was ordered. */
function toChange({
  bundle_digest,
  body,
  received_at_ms,
}: Selectable<DeploymentChangeRow> & Pick<DeploymentRow, 'bundle_digest'>): DeploymentChangeRecord {
  const { epoch: _epoch, seq: _seq, firstSeq: _firstSeq, ...change } = JSON.parse(body) as DeploymentChange;
  return { ...change, bundleDigest: bundle_digest, receivedAtMs: received_at_ms };
}
