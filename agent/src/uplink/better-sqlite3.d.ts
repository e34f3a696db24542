/** The part of better-sqlite3 that the outbox uses; the package ships no types. */
declare module 'better-sqlite3' {
  interface Statement {
    run(...values: readonly unknown[]): { readonly changes: number };
    get(...values: readonly unknown[]): unknown;
    all(...values: readonly unknown[]): readonly unknown[];
  }
  class SqliteError extends Error {
    readonly code: string;
  }
  class Database {
    static readonly SqliteError: typeof SqliteError;
    constructor(path: string, options?: { readonly timeout?: number });
    prepare(sql: string): Statement;
    exec(sql: string): this;
    pragma(source: string, options?: { readonly simple?: boolean }): unknown;
    transaction<Args extends readonly unknown[], Result>(
      work: (...values: Args) => Result,
    ): (...values: Args) => Result;
    close(): this;
  }
  export default Database;
}
