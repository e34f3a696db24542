import { sql } from 'kysely';
import { attempt } from './attempt.ts';
import type { EvidencePictureRecord, EvidenceStore, SightingKey } from './port.ts';
import type { Db, EvidencePictureRow } from './schema.ts';

/** What a device says of pictures that it does not have. */
const ABSENT = ['EVIDENCE_UNKNOWN', 'EVIDENCE_GONE'];

export const createEvidenceStore = (db: Db): EvidenceStore => ({ ...createReads(db), ...createWrites(db) });

type Writes = 'add' | 'remove';

function createReads(db: Db): Omit<EvidenceStore, Writes> {
  return {
    hasEvent: ({ deviceId, event }) =>
      attempt('look for a sighting', async () => {
        const row = await db
          .selectFrom('events')
          .select('row_id')
          .where('device_id', '=', deviceId)
          .where(sql<string>`json_extract(body, '$.id')`, '=', event)
          .limit(1)
          .executeTakeFirst();
        return row !== undefined;
      }),
    find: (key, number) =>
      attempt('find a picture of a sighting', async () => {
        const row = await ofSighting(db, key).where('number', '=', number).executeTakeFirst();
        return row === undefined ? undefined : toRecord(row);
      }),
    list: (keys) =>
      attempt('list pictures of sightings', async () => {
        if (keys.length === 0) return [];
        const rows = await db
          .selectFrom('evidence_pictures')
          .selectAll()
          .where('device_id', 'in', devicesOf(keys))
          .where(
            'event_id',
            'in',
            keys.map(({ event }) => event),
          )
          .orderBy('device_id')
          .orderBy('event_id')
          .orderBy('number')
          .execute();
        return rows.map(toRecord);
      }),
    listAbsent: (keys) => attempt('list sightings without pictures', () => listAbsent(db, keys)),
    oldest: () =>
      attempt('look for the oldest picture', async () => {
        const row = await db
          .selectFrom('evidence_pictures')
          .select(['device_id', 'event_id', 'received_at_ms'])
          .orderBy('received_at_ms')
          .limit(1)
          .executeTakeFirst();
        return row && { deviceId: row.device_id, event: row.event_id, receivedAtMs: row.received_at_ms };
      }),
    totalBytes: () =>
      attempt('count the bytes of pictures', async () => {
        const { bytes } = await db
          .selectFrom('evidence_pictures')
          .select(({ fn }) => fn.sum<number | null>('size_bytes').as('bytes'))
          .executeTakeFirstOrThrow();
        return Number(bytes ?? 0);
      }),
  };
}

function createWrites(db: Db): Pick<EvidenceStore, Writes> {
  return {
    add: (picture) =>
      attempt('note a picture of a sighting', async () => {
        const { numInsertedOrUpdatedRows = 0n } = await db
          .insertInto('evidence_pictures')
          .values(toRow(picture))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        return numInsertedOrUpdatedRows > 0n;
      }),
    remove: ({ deviceId, event }) =>
      attempt('forget the pictures of a sighting', async () => {
        const rows = await db
          .deleteFrom('evidence_pictures')
          .where('device_id', '=', deviceId)
          .where('event_id', '=', event)
          .returning('size_bytes')
          .execute();
        return rows.reduce((sum, row) => sum + row.size_bytes, 0);
      }),
  };
}

const ofSighting = (db: Db, { deviceId, event }: SightingKey) =>
  db
    .selectFrom('evidence_pictures')
    .selectAll()
    .where('device_id', '=', deviceId)
    .where('event_id', '=', event);

const devicesOf = (keys: readonly SightingKey[]): string[] => [
  ...new Set(keys.map(({ deviceId }) => deviceId)),
];

/** By the commands that asked for them; a device keeps few. */
async function listAbsent(db: Db, keys: readonly SightingKey[]): Promise<readonly SightingKey[]> {
  if (keys.length === 0) return [];
  const rows = await db
    .selectFrom('commands')
    .select(['device_id', 'args'])
    .where('device_id', 'in', devicesOf(keys))
    .where('name', '=', 'evidence')
    .where('code', 'in', ABSENT)
    .execute();
  return rows.map((row) => ({
    deviceId: row.device_id,
    event: (JSON.parse(row.args) as { readonly event: string }).event,
  }));
}

const toRow = (picture: EvidencePictureRecord): EvidencePictureRow => ({
  device_id: picture.deviceId,
  event_id: picture.event,
  number: picture.number,
  offset_ms: picture.offsetMs,
  size_bytes: picture.sizeBytes,
  sha256: picture.sha256,
  received_at_ms: picture.receivedAtMs,
});

const toRecord = (row: EvidencePictureRow): EvidencePictureRecord => ({
  deviceId: row.device_id,
  event: row.event_id,
  number: row.number,
  offsetMs: row.offset_ms,
  sizeBytes: row.size_bytes,
  sha256: row.sha256,
  receivedAtMs: row.received_at_ms,
});
