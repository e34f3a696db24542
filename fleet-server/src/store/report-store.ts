import type { CameraEvent } from '@watchpost/shared/messages/event.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import { attempt } from './attempt.ts';
import { moveDeployments } from './deployment-changes.ts';
import { insertWindows } from './device-window-store.ts';
import type {
  CommitResult,
  DurableMessage,
  EventQuery,
  EventRow,
  NumberedMessage,
  RejectedMessage,
  ReportStore,
} from './port.ts';
import { findRepeated } from './repeated-reports.ts';
import type { Db, Tx } from './schema.ts';
import { planBatch, saveCursors } from './stream-cursors.ts';

export function createReportStore(db: Db): ReportStore {
  return {
    commit: (batch, receivedAtMs) =>
      attempt('store a batch of reports', () =>
        db.transaction().execute((tx) => commitBatch(tx, batch, receivedAtMs)),
      ),
    events: (query) => attempt('list events', () => selectEvents(db, query)),
    countEvents: () =>
      attempt('count events', async () => {
        const row = await db
          .selectFrom('events')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        return Number(row.count);
      }),
    telemetry: (deviceId, sinceMs, limit) =>
      attempt('list telemetry', async () => {
        const rows = await db
          .selectFrom('telemetry_summaries')
          .select('body')
          .where('device_id', '=', deviceId)
          .where('ts_ms', '>=', sinceMs)
          .orderBy('ts_ms', 'desc')
          .orderBy('row_id', 'desc')
          .limit(limit)
          .execute();
        return rows.map(({ body }) => JSON.parse(body) as Telemetry).reverse();
      }),
  };
}

async function commitBatch(
  tx: Tx,
  batch: readonly NumberedMessage[],
  receivedAtMs: number,
): Promise<CommitResult> {
  if (batch.length === 0) return { cursors: [], fresh: [], moved: [] };
  const commits = await planBatch(tx, batch);
  await saveCursors(tx, commits);
  const numbered = commits.flatMap(({ fresh }) => fresh);
  const accepted = numbered.filter(isAccepted);
  const repeated = await findRepeated(tx, accepted);
  const fresh = accepted.filter((message) => !repeated.has(message));
  await insertReports(tx, fresh, receivedAtMs);
  const aside = [...numbered.filter(isRejected), ...[...repeated].map(toRejected)];
  await insertRejected(tx, aside, receivedAtMs);
  return {
    cursors: commits.map(({ deviceId, epoch, stream, upTo }) => ({ deviceId, epoch, stream, upTo })),
    fresh,
    moved: await moveDeployments(tx, fresh.filter(isOf('deployment')), receivedAtMs),
  };
}

const isRejected = (message: NumberedMessage): message is RejectedMessage => 'problem' in message;
const isAccepted = (message: NumberedMessage): message is DurableMessage => !isRejected(message);
const isOf =
  <S extends DurableMessage['stream']>(stream: S) =>
  (message: DurableMessage): message is Extract<DurableMessage, { readonly stream: S }> =>
    message.stream === stream;

const toRejected = ({ stream, deviceId, body }: DurableMessage): RejectedMessage => ({
  stream,
  deviceId,
  body,
  problem: 'stored already under another number',
  payload: JSON.stringify(body),
});

/** The columns every report has. */
const columnsOf = ({ deviceId, body }: NumberedMessage, receivedAtMs: number) => ({
  device_id: deviceId,
  epoch: body.epoch,
  seq: body.seq,
  body: JSON.stringify(body),
  received_at_ms: receivedAtMs,
});

async function insertReports(tx: Tx, fresh: readonly DurableMessage[], receivedAtMs: number): Promise<void> {
  const events = fresh
    .filter(isOf('event'))
    .map((message) => ({ ...columnsOf(message, receivedAtMs), camera: message.camera }));
  if (events.length > 0) await tx.insertInto('events').values(events).execute();
  const changes = fresh.filter(isOf('deployment')).map((message) => ({
    ...columnsOf(message, receivedAtMs),
    deployment_id: message.body.deploymentId,
    state: message.body.state,
  }));
  if (changes.length > 0) await tx.insertInto('deployment_changes').values(changes).execute();
  const telemetry = fresh.filter(isOf('telemetry'));
  const summaries = telemetry.map((message) => ({
    ...columnsOf(message, receivedAtMs),
    ts_ms: message.body.tsMs,
  }));
  if (summaries.length > 0) await tx.insertInto('telemetry_summaries').values(summaries).execute();
  await insertWindows(tx, telemetry, receivedAtMs);
}

async function insertRejected(
  tx: Tx,
  rejected: readonly RejectedMessage[],
  receivedAtMs: number,
): Promise<void> {
  if (rejected.length === 0) return;
  await tx
    .insertInto('rejected_reports')
    .values(
      rejected.map((message) => ({
        ...columnsOf(message, receivedAtMs),
        body: message.payload,
        stream: message.stream,
        problem: message.problem,
      })),
    )
    .execute();
}

async function selectEvents(db: Db, query: EventQuery): Promise<readonly EventRow[]> {
  let select = db.selectFrom('events').selectAll().orderBy('row_id', 'desc').limit(query.limit);
  if (query.deviceId !== undefined) select = select.where('device_id', '=', query.deviceId);
  if (query.camera !== undefined) select = select.where('camera', '=', query.camera);
  if (query.before !== undefined) select = select.where('row_id', '<', query.before);
  const rows = await select.execute();
  return rows.map((row) => ({
    ...(JSON.parse(row.body) as CameraEvent),
    rowId: row.row_id,
    deviceId: row.device_id,
    camera: row.camera,
    receivedAtMs: row.received_at_ms,
  }));
}
