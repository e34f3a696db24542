import { sql } from 'kysely';
import { attempt } from './attempt.ts';
import type { DeviceWindow, DeviceWindowQuery, DeviceWindowStore, DurableMessage } from './port.ts';
import type { Db, DeviceWindowRow, Tx } from './schema.ts';

export function createDeviceWindowStore(db: Db): DeviceWindowStore {
  return { list: (query) => attempt('list windows of a device', () => selectWindows(db, query)) };
}

type Summary = Extract<DurableMessage, { readonly stream: 'telemetry' }>;

/** What gates look back on: a rollout as long as it lasts unless told otherwise, and the day before its orders. */
const KEEP_MS = 15 * 24 * 3_600_000;

/**
 * In the transaction of the summaries they come from: both are there, or neither. What a device told long ago makes room
 * for what it tells now, and so does what is dated later than now: it would be the newest window for as long.
 */
export async function insertWindows(
  tx: Tx,
  summaries: readonly Summary[],
  receivedAtMs: number,
): Promise<void> {
  const rows = summaries.flatMap((summary) => toRow(summary, receivedAtMs));
  if (rows.length === 0) return;
  // A box whose clock was set back may tell of one moment twice.
  await tx
    .insertInto('device_windows')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await tx
    .deleteFrom('device_windows')
    .where('device_id', 'in', [...new Set(rows.map(({ device_id }) => device_id))])
    .where(({ eb, or }) =>
      or([eb('ended_at_ms', '<', receivedAtMs - KEEP_MS), eb('ended_at_ms', '>', receivedAtMs)]),
    )
    .execute();
}

/** By a clock that is ahead, a window ended when it came; of one from the backlog nobody knows when. */
function toRow({ deviceId, body }: Summary, receivedAtMs: number): readonly DeviceWindowRow[] {
  const { inference, temperatures, tsMs, windowSec, throttled, historical } = body;
  if (inference === undefined || windowSec === 0) return [];
  if (historical && tsMs > receivedAtMs) return [];
  const hottest = temperatures.reduce<number | null>(
    (most, { celsius }) => (most === null || celsius > most ? celsius : most),
    null,
  );
  return [
    {
      device_id: deviceId,
      ended_at_ms: Math.min(tsMs, receivedAtMs),
      window_sec: windowSec,
      digest: inference.digest,
      frames_captured: inference.framesDue ?? inference.framesCaptured,
      frames_classified: inference.framesClassified,
      frames_failed: inference.framesFailed,
      infer_p95_ms: inference.inferP95Ms ?? null,
      celsius: hottest,
      throttled: throttled ? 1 : 0,
    },
  ];
}

/** The database adds up: of a day of minutes, little comes out. */
async function selectWindows(
  db: Db,
  { deviceId, sinceMs, bucketMs }: DeviceWindowQuery,
): Promise<readonly DeviceWindow[]> {
  const bucket = sql<number>`cast(ended_at_ms / ${sql.lit(bucketMs)} as integer)`;
  const rows = await db
    .selectFrom('device_windows')
    .select(({ fn }) => [
      'digest',
      fn.max<number>('ended_at_ms').as('ended_at_ms'),
      fn.sum<number>('window_sec').as('window_sec'),
      fn.sum<number>('frames_captured').as('frames_captured'),
      fn.sum<number>('frames_classified').as('frames_classified'),
      fn.sum<number>('frames_failed').as('frames_failed'),
      fn.avg<number | null>('infer_p95_ms').as('infer_p95_ms'),
      fn.avg<number | null>('celsius').as('celsius'),
      fn.avg<number>('throttled').as('throttled'),
    ])
    .where('device_id', '=', deviceId)
    .where('ended_at_ms', '>=', sinceMs)
    .groupBy([bucket, 'digest'])
    .orderBy('ended_at_ms')
    .execute();
  return rows.map(({ infer_p95_ms: inferP95Ms, celsius, ...row }) => ({
    digest: row.digest,
    endedAtMs: row.ended_at_ms,
    windowSec: row.window_sec,
    framesDue: row.frames_captured,
    framesClassified: row.frames_classified,
    framesFailed: row.frames_failed,
    throttled01: row.throttled,
    ...(inferP95Ms !== null && { inferP95Ms }),
    ...(celsius !== null && { celsius }),
  }));
}
