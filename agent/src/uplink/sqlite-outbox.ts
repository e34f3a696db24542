import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { type Receipt, STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import type { OutboxReport } from '@watchpost/shared/messages/telemetry.ts';
import Database from 'better-sqlite3';
import { chooseVictim, computeRowBytes, type Head } from './eviction.ts';
import { perStream } from './per-stream.ts';
import type { Outbox, OutboxRow } from './port.ts';
import { markConfirmed, moveRows, type OpenFile, readFile, type Totals } from './sqlite-outbox-contents.ts';
import { addDrops, countDrop, type Drops } from './sqlite-outbox-drops.ts';
import { type OutboxFileOptions, openOutboxFile, openOutboxInMemory } from './sqlite-outbox-file.ts';

export interface SqliteOutboxOptions extends OutboxFileOptions {
  /** Cap of what is held, by `computeRowBytes`. */
  readonly maxBytes: number;
  /** Longest time a row waits for its commit, and pause between tries while the disk fails. Default: 1000. */
  readonly groupMs?: number;
}

const GROUP_MS = 1000;
const GROUP_ROWS = 50;
/** What may wait in memory while the disk fails. */
const PENDING_MAX_ROWS = 1000;
/** A file that must be opened anew is opened after as many groups. */
const REOPEN_GROUPS = 5;
const STAYS_UNUSABLE = /^SQLITE_(READONLY|CORRUPT|NOTADB|CANTOPEN|IOERR)/;

/**
 * The outbox in one SQLite file: WAL, synchronous FULL, group commit (0.6 KB written per row of 300 bytes; row by
 * row it would be 24). Where there can be no file (a disk that is read-only, or full to the last page), it is kept in
 * memory, which is logged as STORE_FAILED, until there can be one: what was not sent yet moves there then, the rest when
 * it was receipted, or at the close.
 */
export function openSqliteOutbox(options: SqliteOutboxOptions): Outbox {
  try {
    return new SqliteOutbox(openOutboxFile(options), options);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    options.log.error({ code: error.code, error: describeError(error) }, 'outbox is kept in memory');
    return new SqliteOutbox(openOutboxInMemory(options), options);
  }
}

class SqliteOutbox implements Outbox {
  readonly #options: SqliteOutboxOptions;
  readonly #log: Logger;
  #file: OpenFile;
  #next: Record<Stream, number>;
  #committed: Record<Stream, number>;
  /** Kinds of access that fail now: each is logged when it begins and when it ends. */
  readonly #failing = new Set<string>();
  /** What was opened on a read-only disk, rotted since, or lies in memory, stays so until it is opened anew. */
  #isUnusable: boolean;
  #epoch: string;
  /** The highest number that was read, and so may have been sent, in this epoch. */
  #handedOut: Record<Stream, number> = perStream(() => 0);
  #totals: Totals;
  /** Those the file tells. */
  #savedDrops: Drops;
  #pending: OutboxRow[] = [];
  #timer: NodeJS.Timeout | undefined;
  #onCommit: () => void = () => undefined;
  #isConfirmed = false;

  constructor(db: Database.Database, options: SqliteOutboxOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#file = readFile(db);
    this.#isUnusable = db.memory;
    const { epoch, totals, committed } = this.#file;
    this.#epoch = epoch;
    this.#totals = totals;
    this.#savedDrops = totals.drops;
    this.#committed = committed;
    this.#next = perStream((stream) => committed[stream] + 1);
  }

  get epoch(): string {
    return this.#epoch;
  }

  append(row: Omit<OutboxRow, 'seq'>, durability: 'group' | 'now' = 'group'): number {
    const seq = this.#next[row.stream]++;
    this.#pending.push({ ...row, seq });
    const isFull = this.#pending.length >= GROUP_ROWS && !this.#failing.has('commit');
    if (durability === 'now' || isFull) this.flush();
    else this.#schedule();
    if (this.#pending.length > PENDING_MAX_ROWS) this.#dropPending();
    return seq;
  }

  peek(stream: Stream, afterSeq: number, limit: number): readonly OutboxRow[] {
    const rows = this.#read(stream, afterSeq, limit);
    this.#handedOut[stream] = Math.max(this.#handedOut[stream], rows.at(-1)?.seq ?? 0);
    return rows;
  }

  #read(stream: Stream, afterSeq: number, limit: number): readonly OutboxRow[] {
    const rows = this.#attempt('read', () => this.#file.sql[stream].peek.all(afterSeq, limit));
    return (rows ?? []).map((row) => ({ ...(row as Omit<OutboxRow, 'stream'>), stream }));
  }

  firstSeq(stream: Stream): number {
    const next = this.#pending.find((row) => row.stream === stream)?.seq ?? this.#next[stream];
    return this.#head(stream)?.seq ?? next;
  }

  lastSeq(stream: Stream): number {
    return this.#committed[stream];
  }

  acknowledge(stream: Stream, upTo: number): void {
    this.#confirm();
    const gone = this.#attempt('acknowledge', () => this.#file.sql[stream].acknowledge.all(upTo)) ?? [];
    const bytes = (gone as readonly { sizeBytes: number }[]).reduce((sum, row) => sum + row.sizeBytes, 0);
    this.#totals = {
      ...this.#totals,
      rows: this.#totals.rows - gone.length,
      bytes: this.#totals.bytes - bytes,
    };
  }

  /** The server knows every number this file gave before it was opened. */
  #confirm(): void {
    if (this.#isConfirmed) return;
    const marked = this.#attempt('commit', () => markConfirmed(this.#file.db, true));
    this.#isConfirmed = marked !== undefined;
  }

  renewEpoch(upTo: Receipt['upTo']): void {
    const { wasConfirmed, opened } = this.#file;
    for (const stream of wasConfirmed ? STREAMS : []) {
      this.acknowledge(stream, Math.min(upTo[stream] ?? 0, opened[stream]));
    }
    const epoch = this.#options.newEpoch();
    const isSaved = this.#attempt('commit', () =>
      this.#file.db.prepare('UPDATE meta SET epoch = ?').run(epoch),
    );
    if (isSaved !== undefined) this.#epoch = epoch;
  }

  onCommit(listener: () => void): void {
    this.#onCommit = listener;
  }

  report(nowMs: number): OutboxReport {
    const heads = [...this.#heads(), ...this.#pending.slice(0, 1)];
    const { drops } = this.#totals;
    const oldestMs = Math.min(nowMs, ...heads.map((head) => head.createdAtMs));
    return {
      rows: this.#totals.rows + this.#pending.length,
      bytes: this.#totals.bytes + this.#pending.reduce((sum, row) => sum + computeRowBytes(row), 0),
      oldestSec: (nowMs - oldestMs) / 1000,
      dropped: drops.all,
      ...(drops.all > 0 && { droppedByStream: { ...drops.of } }),
    };
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const isOther = this.#isUnusable && this.#reopen();
    const isCommitted = this.#commit(this.#pending);
    if (!isCommitted) this.#schedule();
    if (isCommitted || isOther) this.#onCommit();
  }

  close(): void {
    this.flush();
    clearTimeout(this.#timer);
    // What was sent and not receipted may be sent twice, rather than never.
    if (this.#countInMemory() > 0) this.#reopen(true);
    const rows = this.#pending.length + this.#countInMemory();
    if (rows > 0) this.#log.error({ rows }, 'outbox rows lost at close');
    this.#file.db.close();
  }

  #commit(batch: readonly OutboxRow[]): boolean {
    const totals = this.#attempt('commit', () => this.#file.db.transaction(() => this.#write(batch))());
    if (totals === undefined) return false;
    this.#totals = totals;
    this.#savedDrops = totals.drops;
    this.#pending = [];
    for (const row of batch) this.#committed[row.stream] = row.seq;
    return true;
  }

  /** Runs inside a transaction; nothing it computes holds before the commit. */
  #write(batch: readonly OutboxRow[]): Totals {
    let { rows, bytes, drops } = this.#totals;
    for (const row of batch) {
      const sizeBytes = computeRowBytes(row);
      this.#file.sql[row.stream].insert.run(row.seq, row.topic, row.body, row.createdAtMs, sizeBytes);
      rows += 1;
      bytes += sizeBytes;
    }
    while (bytes > this.#options.maxBytes) {
      const victim = chooseVictim(this.#heads());
      if (victim === undefined) break;
      const gone = this.#file.sql[victim].deleteHead.get() as { sizeBytes: number };
      rows -= 1;
      bytes -= gone.sizeBytes;
      drops = countDrop(drops, victim);
    }
    if (drops !== this.#savedDrops) this.#file.saveDrops(drops);
    return { rows, bytes, drops };
  }

  #dropPending(): void {
    const heads = STREAMS.flatMap((stream) => this.#pending.find((row) => row.stream === stream) ?? []);
    const victim = chooseVictim(heads);
    if (victim === undefined) return;
    const index = this.#pending.findIndex((row) => row.stream === victim);
    this.#pending.splice(index, 1);
    this.#totals = { ...this.#totals, drops: countDrop(this.#totals.drops, victim) };
  }

  #heads(): readonly Head[] {
    return STREAMS.flatMap((stream) => this.#head(stream) ?? []);
  }

  #head(stream: Stream): OutboxRow | undefined {
    return this.#read(stream, 0, 1)[0];
  }

  #schedule(): void {
    const { groupMs = GROUP_MS } = this.#options;
    // To open a file is to read all of it.
    const waitMs = this.#isUnusable ? groupMs * REOPEN_GROUPS : groupMs;
    this.#timer ??= setTimeout(() => this.flush(), waitMs).unref();
  }

  /**
   * Rows that are not committed yet are numbered anew when the file is another one.
   * @returns whether what can be sent is not what it was
   */
  #reopen(isClosing = false): boolean {
    const { db } = this.#file;
    // Its receipt names the number it was sent under, which the file may not keep.
    if (db.memory && !isClosing && this.#isAnyOnItsWay()) return false;
    if (!db.memory && db.open) db.close();
    const file = tryToOpen(this.#options);
    if (file === undefined) return false;
    return db.memory ? this.#leaveMemory(file) : this.#adopt(file);
  }

  #leaveMemory(file: OpenFile): boolean {
    const memory = { ...this.#file, epoch: this.#epoch, committed: this.#committed };
    const moved = this.#attempt('move', () => moveRows(memory, this.#totals.drops, file));
    if (moved === undefined) {
      file.db.close();
      return false;
    }
    this.#log.info({ rows: this.#totals.rows }, 'outbox is kept in its file again');
    memory.db.close();
    this.#totals = { ...this.#totals, rows: 0 };
    this.#savedDrops = this.#totals.drops;
    return this.#adopt(moved);
  }

  #isAnyOnItsWay(): boolean {
    return STREAMS.some((stream) => this.firstSeq(stream) <= this.#handedOut[stream]);
  }

  #countInMemory(): number {
    const { db } = this.#file;
    return db.open && db.memory ? this.#totals.rows : 0;
  }

  #adopt(file: OpenFile): boolean {
    this.#file = file;
    this.#isUnusable = false;
    this.#isConfirmed = false;
    const { epoch, totals, committed } = this.#file;
    const lostRows = epoch === this.#epoch ? 0 : this.#totals.rows;
    const drops = addDrops(totals.drops, this.#totals.drops, this.#savedDrops);
    this.#totals = { ...totals, drops: { ...drops, all: drops.all + lostRows } };
    this.#savedDrops = totals.drops;
    if (epoch === this.#epoch) return this.#findCommitted(committed);
    this.#epoch = epoch;
    this.#handedOut = perStream(() => 0);
    this.#committed = committed;
    this.#next = perStream((stream) => committed[stream] + 1);
    this.#pending = this.#pending.map((row) => ({ ...row, seq: this.#next[row.stream]++ }));
    return true;
  }

  /** A commit that failed when it was synced may be in the file all the same. */
  #findCommitted(found: Readonly<Record<Stream, number>>): boolean {
    if (STREAMS.every((stream) => found[stream] <= this.#committed[stream])) return false;
    const { db } = this.#file;
    // What the disk did not take then, and may forget, is written once more, and elsewhere, before it can be sent.
    if (this.#attempt('commit', () => db.pragma('wal_checkpoint(TRUNCATE)')) === undefined) {
      db.close();
      this.#isUnusable = true;
      return false;
    }
    this.#committed = perStream((stream) => Math.max(found[stream], this.#committed[stream]));
    this.#pending = this.#pending.filter(({ stream, seq }) => seq > this.#committed[stream]);
    return true;
  }

  /** @returns undefined when SQLite failed: the state of the disk is no reason for the box to stop */
  #attempt<T>(access: string, work: () => T): T | undefined {
    if (!this.#file.db.open) return undefined;
    try {
      const result = work();
      if (this.#failing.delete(access)) this.#log.info({ access }, 'outbox file works again');
      return result;
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
      if (!this.#failing.has(access)) {
        const code = error.code === 'SQLITE_FULL' ? 'DISK_FULL' : 'STORE_FAILED';
        this.#log.error({ access, code, sqlite: error.code, path: this.#options.path }, 'outbox file fails');
      }
      this.#failing.add(access);
      this.#isUnusable ||= STAYS_UNUSABLE.test(error.code);
      return undefined;
    }
  }
}

/** @returns undefined when the disk still fails */
function tryToOpen(options: OutboxFileOptions): OpenFile | undefined {
  let db: Database.Database | undefined;
  try {
    db = openOutboxFile(options);
    return readFile(db);
  } catch (error) {
    db?.close();
    if (!(error instanceof AppError || error instanceof Database.SqliteError)) throw error;
    return undefined;
  }
}
