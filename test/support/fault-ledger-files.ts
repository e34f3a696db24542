import { existsSync } from 'node:fs';
import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import Database from 'better-sqlite3';
import { type Committed, keyOfEvent, type StoredMessage } from './fault-ledger.ts';

/** What the outbox file says was ever committed. @returns undefined when it cannot be read, as after a fault */
export function readCommitted(outbox: string): Committed | undefined {
  return readOnly(outbox, (db) => {
    const { epoch } = db.prepare('SELECT epoch FROM meta').get() as { readonly epoch: string };
    const rows = db.prepare('SELECT name, seq FROM sqlite_sequence').all() as readonly {
      readonly name: Stream;
      readonly seq: number;
    }[];
    return { [epoch]: Object.fromEntries(rows.map(({ name, seq }) => [name, seq])) };
  });
}

/** How many messages wait on the box. */
export function countWaiting(outbox: string): number | undefined {
  return readOnly(outbox, (db) => {
    const counts = STREAMS.map((stream) => db.prepare(`SELECT count(*) AS rows FROM ${stream}`).get());
    return (counts as readonly { readonly rows: number }[]).reduce((sum, { rows }) => sum + rows, 0);
  });
}

const TABLES = [
  ['event', 'events'],
  ['deployment', 'deployment_changes'],
  ['telemetry', 'telemetry_summaries'],
] as const;

interface Row {
  readonly epoch: string;
  readonly seq: number;
  readonly body: string;
  readonly camera?: string;
}

/** Every message of the box the server holds, what it could not read included. */
export function readStored(database: string, deviceId: string): readonly StoredMessage[] {
  const db = new Database(database, { readonly: true });
  try {
    const stored = TABLES.flatMap(([stream, table]) => {
      const rows = db.prepare(`SELECT * FROM ${table} WHERE device_id = ?`).all(deviceId) as Row[];
      return rows.map(({ epoch, seq, body, camera }) => ({
        epoch,
        seq,
        stream,
        firstSeq: readFirstSeq(body),
        ...(camera !== undefined && { key: keyOfEvent(JSON.parse(body), camera) }),
      }));
    });
    const rejected = db
      .prepare('SELECT epoch, seq, stream, body FROM rejected_reports WHERE device_id = ?')
      .all(deviceId) as readonly (Row & { readonly stream: Stream })[];
    return [
      ...stored,
      ...rejected.map(({ epoch, seq, stream, body }) => ({
        epoch,
        seq,
        stream,
        firstSeq: readFirstSeq(body),
      })),
    ];
  } finally {
    db.close();
  }
}

const readFirstSeq = (body: string): number => (JSON.parse(body) as { readonly firstSeq: number }).firstSeq;

function readOnly<T>(path: string, work: (db: Database.Database) => T): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const db = new Database(path, { readonly: true, timeout: 1_000 });
    try {
      return work(db);
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof Database.SqliteError) return undefined;
    throw error;
  }
}
