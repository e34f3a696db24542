import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import type Database from 'better-sqlite3';
import { perStream } from './per-stream.ts';

/** What was lost for want of room. */
export interface Drops {
  readonly all: number;
  /** Of all, those that were counted apart. */
  readonly of: Readonly<Record<Stream, number>>;
}

export const NO_DROPS: Drops = { all: 0, of: perStream(() => 0) };

/** What each stream lost; a file of an earlier release has only the sum, in `meta`. */
export const DROPS_SCHEMA =
  'CREATE TABLE IF NOT EXISTS drops (stream TEXT PRIMARY KEY, count INTEGER NOT NULL)';

export const countDrop = ({ all, of }: Drops, stream: Stream): Drops => ({
  all: all + 1,
  of: { ...of, [stream]: of[stream] + 1 },
});

/** What a file has, with what was lost since it was last told. */
export const addDrops = (file: Drops, now: Drops, told: Drops): Drops => ({
  all: file.all + now.all - told.all,
  of: perStream((stream) => file.of[stream] + now.of[stream] - told.of[stream]),
});

export function readDrops(db: Database.Database): Drops {
  const { dropped } = db.prepare('SELECT dropped FROM meta').get() as { dropped: number };
  const rows = hasTable(db) ? db.prepare('SELECT stream, count FROM drops').all() : [];
  const counts = new Map((rows as { stream: string; count: number }[]).map((row) => [row.stream, row.count]));
  return { all: dropped, of: perStream((stream) => counts.get(stream) ?? 0) };
}

export function prepareSaveDrops(db: Database.Database): (drops: Drops) => void {
  const saveSum = db.prepare('UPDATE meta SET dropped = ?');
  const saveDrop = hasTable(db)
    ? db.prepare('INSERT INTO drops VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET count = excluded.count')
    : undefined;
  return ({ all, of }) => {
    saveSum.run(all);
    for (const stream of STREAMS) if (of[stream] > 0) saveDrop?.run(stream, of[stream]);
  };
}

const hasTable = (db: Database.Database): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'drops'").get() !== undefined;
