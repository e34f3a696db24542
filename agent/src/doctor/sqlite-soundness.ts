import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import type { DatabaseFacts } from './diagnose-storage.ts';

/** Reads the whole file, beside whoever uses it. Changes nothing in it. */
export function checkDatabase(path: string): DatabaseFacts {
  const name = basename(path);
  if (!existsSync(path)) return { name, state: 'absent', detail: '' };
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      const verdict = String(db.pragma('quick_check(1)', { simple: true }));
      return verdict === 'ok'
        ? { name, state: 'sound', detail: 'read and found sound' }
        : { name, state: 'damaged', detail: verdict };
    } finally {
      db.close();
    }
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    const isDamaged = /^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(error.code);
    return { name, state: isDamaged ? 'damaged' : 'unreadable', detail: `${error.message} (${error.code})` };
  }
}
