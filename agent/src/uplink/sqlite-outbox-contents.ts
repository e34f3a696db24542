import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import Database from 'better-sqlite3';
import { computeRowBytes } from './eviction.ts';
import { perStream } from './per-stream.ts';
import type { OutboxRow } from './port.ts';
import { addDrops, type Drops, NO_DROPS, prepareSaveDrops, readDrops } from './sqlite-outbox-drops.ts';

/** `application_id` of the file: whether the agent that has it open, or had it last, heard from the server. */
const CONFIRMED = 0x77700001;
const UNCONFIRMED = 0x77700000;

export interface Totals {
  readonly rows: number;
  readonly bytes: number;
  readonly drops: Drops;
}

/** A file with what is to be known of it. */
export interface OpenFile {
  readonly db: Database.Database;
  readonly sql: Readonly<Record<Stream, StreamStatements>>;
  saveDrops(drops: Drops): void;
  readonly epoch: string;
  readonly totals: Totals;
  readonly committed: Record<Stream, number>;
  /** As `committed` was when the file was opened. */
  readonly opened: Readonly<Record<Stream, number>>;
  /** Whoever had it open before heard from the server. */
  readonly wasConfirmed: boolean;
}

export function readFile(db: Database.Database): OpenFile {
  const wasConfirmed = db.pragma('application_id', { simple: true }) === CONFIRMED;
  if (wasConfirmed) tryToMark(db);
  const { epoch } = db.prepare('SELECT epoch FROM meta').get() as { epoch: string };
  const opened = perStream((stream) => readLastSeq(db, stream));
  return {
    db,
    sql: perStream((stream) => prepareStream(db, stream)),
    saveDrops: prepareSaveDrops(db),
    epoch,
    totals: { ...sumRows(db), drops: readDrops(db) },
    committed: { ...opened },
    opened,
    wasConfirmed,
  };
}

export function markConfirmed(db: Database.Database, isConfirmed: boolean): true {
  db.pragma(`application_id = ${isConfirmed ? CONFIRMED : UNCONFIRMED}`);
  return true;
}

/** On a disk that fails now, what follows says so. */
function tryToMark(db: Database.Database): void {
  try {
    markConfirmed(db, false);
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}

interface StreamStatements {
  readonly insert: Database.Statement;
  readonly peek: Database.Statement;
  readonly acknowledge: Database.Statement;
  readonly deleteHead: Database.Statement;
}

function prepareStream(db: Database.Database, stream: Stream): StreamStatements {
  return {
    insert: db.prepare(
      `INSERT INTO ${stream} (seq, topic, body, createdAtMs, sizeBytes) VALUES (?, ?, ?, ?, ?)`,
    ),
    peek: db.prepare(
      `SELECT seq, topic, body, createdAtMs FROM ${stream} WHERE seq > ? ORDER BY seq LIMIT ?`,
    ),
    acknowledge: db.prepare(`DELETE FROM ${stream} WHERE seq <= ? RETURNING sizeBytes`),
    deleteHead: db.prepare(
      `DELETE FROM ${stream} WHERE seq = (SELECT min(seq) FROM ${stream}) RETURNING sizeBytes`,
    ),
  };
}
function readLastSeq(db: Database.Database, stream: Stream): number {
  const row = db.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').get(stream);
  return (row as { seq: number } | undefined)?.seq ?? 0;
}

function sumRows(db: Database.Database): { readonly rows: number; readonly bytes: number } {
  const tables = STREAMS.map((stream) => `SELECT sizeBytes FROM ${stream}`).join(' UNION ALL ');
  const sum = db.prepare(`SELECT count(*) AS rows, total(sizeBytes) AS bytes FROM (${tables})`).get();
  return sum as { readonly rows: number; readonly bytes: number };
}

/** All rows, a stream after the other. */
const readRows = ({ sql }: OpenFile): readonly OutboxRow[] =>
  STREAMS.flatMap((stream) =>
    sql[stream].peek.all(0, -1).map((row) => ({ ...(row as Omit<OutboxRow, 'stream'>), stream })),
  );

/**
 * Puts what is held in memory into a file, all of it or nothing. Where the file holds no rows, it goes on with the epoch
 * and the numbers of the memory: nobody can tell the difference. Otherwise rows get the next numbers of the file.
 * @returns the file as it is now
 */
export function moveRows(memory: OpenFile, drops: Drops, { db, totals, saveDrops, sql }: OpenFile): OpenFile {
  const rows = readRows(memory);
  const keepsNumbers = totals.rows === 0;
  db.transaction(() => {
    if (keepsNumbers) takeNumbers(db, memory);
    for (const { stream, seq, topic, body, createdAtMs } of rows) {
      const number = keepsNumbers ? seq : null;
      sql[stream].insert.run(number, topic, body, createdAtMs, computeRowBytes({ topic, body }));
    }
    saveDrops(addDrops(totals.drops, drops, NO_DROPS));
  })();
  return readFile(db);
}

function takeNumbers(db: Database.Database, { epoch, committed }: OpenFile): void {
  db.prepare('UPDATE meta SET epoch = ?').run(epoch);
  for (const stream of STREAMS) {
    db.prepare('DELETE FROM sqlite_sequence WHERE name = ?').run(stream);
    db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(stream, committed[stream]);
  }
}
