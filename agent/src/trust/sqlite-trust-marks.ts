import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import Database from 'better-sqlite3';
import { storeError } from '../kernel/store-error.ts';
import type { TrustMark, TrustMarks } from './port.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS marks (role TEXT PRIMARY KEY, version INTEGER NOT NULL, identity TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS time (id INTEGER PRIMARY KEY CHECK (id = 1), ms INTEGER NOT NULL);
`;

/**
 * The marks in a SQLite file of their own, open only while it is used: checks are rare. `synchronous = FULL`, so a mark
 * that was set survives a power cut. A damaged file is set aside; then the metadata files are what is left against
 * replay.
 */
export function createSqliteTrustMarks(options: { readonly path: string; readonly log: Logger }): TrustMarks {
  return {
    read: () =>
      withDatabase(options, 'reading the trust marks', (db) => {
        const marks = db.prepare<[], TrustMark>('SELECT role, version, identity FROM marks').all();
        const time = db.prepare<[], { readonly ms: number }>('SELECT ms FROM time').get();
        return { marks: new Map(marks.map((mark) => [mark.role, mark])), timeMs: time?.ms ?? 0 };
      }),
    save: (marks, timeMs) =>
      withDatabase(options, 'saving the trust marks', (db) => {
        const saveMark = db.prepare(
          'INSERT OR REPLACE INTO marks (role, version, identity) VALUES (?, ?, ?)',
        );
        const saveTime = db.prepare('INSERT OR REPLACE INTO time (id, ms) VALUES (1, ?)');
        db.transaction(() => {
          for (const { role, version, identity } of marks) saveMark.run(role, version, identity);
          saveTime.run(timeMs);
        })();
      }),
  };
}

function withDatabase<Result>(
  { path, log }: { readonly path: string; readonly log: Logger },
  doing: string,
  work: (db: Database.Database) => Result,
): Result {
  try {
    mkdirSync(dirname(path), { recursive: true });
    try {
      return useOnce(path, work);
    } catch (error) {
      if (!isDamage(error)) throw error;
      log.error({ code: 'STORE_CORRUPT', path, error: describeError(error) }, 'trust marks set aside');
      for (const suffix of ['', '-wal', '-shm']) moveAside(`${path}${suffix}`);
      return useOnce(path, work);
    }
  } catch (error) {
    throw storeError(doing, error);
  }
}

function useOnce<Result>(path: string, work: (db: Database.Database) => Result): Result {
  const db = new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(SCHEMA);
    return work(db);
  } finally {
    db.close();
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

function moveAside(path: string): void {
  try {
    renameSync(path, `${path}.damaged`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
