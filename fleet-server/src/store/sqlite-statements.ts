import type SqliteDatabase from 'better-sqlite3';

/** What the query builder needs of the database. */
export interface PreparedDatabase {
  prepare(sql: string): SqliteDatabase.Statement<unknown[]>;
  close(): void;
}

/** Kept at most; longer ones are inserts of whole batches, which differ by their number of rows. */
const MAX_STATEMENTS = 256;
const MAX_SQL_CHARS = 4096;

/** Keeps statements prepared: to compile one anew costs as much as to run it. */
export function keepPrepared(file: SqliteDatabase.Database): PreparedDatabase {
  const kept = new Map<string, SqliteDatabase.Statement<unknown[]>>();
  return {
    prepare: (sql) => {
      const known = kept.get(sql);
      const statement = known ?? file.prepare<unknown[]>(sql);
      if (sql.length > MAX_SQL_CHARS) return statement;
      // Used last is last: the first is the one to go.
      kept.delete(sql);
      kept.set(sql, statement);
      const [oldest] = kept.keys();
      if (kept.size > MAX_STATEMENTS && oldest !== undefined) kept.delete(oldest);
      return statement;
    },
    close: () => void file.close(),
  };
}
