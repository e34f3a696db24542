import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { STREAMS } from '@watchpost/shared/messages/durable.ts';
import Database from 'better-sqlite3';
import { agentError } from '../kernel/errors.ts';
import { DROPS_SCHEMA } from './sqlite-outbox-drops.ts';

export interface OutboxFileOptions {
  readonly path: string;
  /** 16 random hex digits at each call. */
  newEpoch(): string;
  /** Unix milliseconds, for the name of a file set aside. */
  wallMs(): number;
  readonly log: Logger;
}

/** `user_version` of the file; another one is not ours to read. */
const FILE_VERSION = 1;
/** The outbox is its file's only writer: whoever holds a lock this long is a stranger, and rows can wait in memory. */
const LOCK_TIMEOUT_MS = 200;

/** AUTOINCREMENT keeps the highest number ever given in `sqlite_sequence`, also when every row is gone. */
const SCHEMA = [
  'CREATE TABLE meta (epoch TEXT NOT NULL, dropped INTEGER NOT NULL)',
  ...STREAMS.map(
    (stream) => `CREATE TABLE ${stream} (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      topic TEXT NOT NULL,
      body TEXT NOT NULL,
      createdAtMs INTEGER NOT NULL,
      sizeBytes INTEGER NOT NULL
    )`,
  ),
].join(';\n');

/**
 * Opens the file, or makes it. A damaged one is set aside with the suffix `.corrupt-<unix ms>`, logged as
 * STORE_CORRUPT, and a new one begun.
 * @throws AppError STORE_FAILED when there can be no file at all
 */
export function openOutboxFile(options: OutboxFileOptions): Database.Database {
  try {
    mkdirSync(dirname(options.path), { recursive: true });
    return openOrReplace(options);
  } catch (cause) {
    throw agentError('STORE_FAILED', `outbox ${options.path} cannot be opened`, { cause });
  }
}

/** For a box that cannot have a file now: its messages still reach the fleet, as long as the agent runs. */
export function openOutboxInMemory({ newEpoch }: OutboxFileOptions): Database.Database {
  const db = new Database(':memory:');
  createSchema(db, newEpoch());
  return db;
}

function openOrReplace(options: OutboxFileOptions): Database.Database {
  try {
    return openChecked(options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = setAside(options.path, options.wallMs());
    const corrupt = agentError('STORE_CORRUPT', `outbox ${options.path} is damaged`, { cause: error });
    options.log.error(
      { err: corrupt, code: corrupt.code, aside, detail: describeError(error) },
      'outbox begun anew',
    );
    return openChecked(options);
  }
}

class DamagedFile extends Error {}

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedFile) return true;
  return error instanceof Database.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code);
}

function openChecked({ path, newEpoch }: OutboxFileOptions): Database.Database {
  const db = new Database(path, { timeout: LOCK_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    const check = db.pragma('quick_check', { simple: true });
    if (check !== 'ok') throw new DamagedFile(`quick_check: ${String(check)}`);
    const version = db.pragma('user_version', { simple: true });
    if (version === 0) createSchema(db, newEpoch());
    else if (version !== FILE_VERSION) throw new DamagedFile(`file version ${String(version)}`);
    else addMissingTable(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** In one transaction with the version, so that a power cut leaves an empty file or a whole one. */
function createSchema(db: Database.Database, epoch: string): void {
  db.transaction(() => {
    db.exec(SCHEMA);
    db.exec(DROPS_SCHEMA);
    db.prepare('INSERT INTO meta (epoch, dropped) VALUES (?, 0)').run(epoch);
    db.pragma(`user_version = ${FILE_VERSION}`);
  })();
}

/** What waits in a file that cannot be written now is still to be sent: without the table, only the sum is told. */
function addMissingTable(db: Database.Database): void {
  try {
    db.exec(DROPS_SCHEMA);
  } catch (error) {
    if (isDamage(error) || !(error instanceof Database.SqliteError)) throw error;
  }
}

function setAside(path: string, wallMs: number): string {
  const aside = `${path}.corrupt-${wallMs}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}
