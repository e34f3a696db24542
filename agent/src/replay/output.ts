import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { ReplayedFrame } from './port.ts';
import { frameRecord, frameRow, type Seen, summarise, summaryTable, TABLE_HEADER } from './report.ts';

/** A program's standard streams. */
export interface ReplayIo {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

export interface ReplayOutputOptions {
  readonly io: ReplayIo;
  readonly json: boolean;
  readonly names: readonly string[];
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

const PROGRESS_MS = { terminal: 200, log: 5_000 } as const;

/** Writes frames as they come, and what they come to; progress goes to stderr. */
export class ReplayOutput {
  readonly #options: ReplayOutputOptions;
  readonly #startedMs: number;
  readonly #seen: Seen[] = [];
  #progressAtMs: number;
  /** A pipe whose reader has gone fails between two writes. */
  #failure: Error | undefined;

  constructor(options: ReplayOutputOptions) {
    this.#options = options;
    this.#startedMs = options.nowMs();
    this.#progressAtMs = this.#startedMs;
    options.io.stdout.on('error', (error) => {
      this.#failure = error;
    });
  }

  async add(frame: ReplayedFrame): Promise<void> {
    const { json, names } = this.#options;
    const { label, labelIndex, inferMs } = frame.prediction;
    if (!json && this.#seen.length === 0) await this.#writeLine(TABLE_HEADER);
    this.#seen.push({ name: names[labelIndex] ?? label, inferMs });
    await this.#writeLine(json ? JSON.stringify(frameRecord(frame, names)) : frameRow(frame, names));
    this.#showProgress(frame.input);
  }

  async end(): Promise<void> {
    const { io, json, nowMs } = this.#options;
    if (isOverwritten(io)) io.stderr.write('\r\x1b[K');
    const summary = summarise(this.#seen, nowMs() - this.#startedMs);
    await this.#writeLine(json ? JSON.stringify({ summary }) : summaryTable(summary));
  }

  async #writeLine(line: string): Promise<void> {
    const { stdout } = this.#options.io;
    if (this.#failure !== undefined) throw this.#failure;
    if (!stdout.write(`${line}\n`)) await once(stdout, 'drain');
  }

  #showProgress(input: string): void {
    const { io, nowMs } = this.#options;
    // Rows on a terminal are progress enough.
    if (io.stdout.isTTY === true) return;
    const overwritten = isOverwritten(io);
    const atMs = nowMs();
    if (atMs - this.#progressAtMs < (overwritten ? PROGRESS_MS.terminal : PROGRESS_MS.log)) return;
    this.#progressAtMs = atMs;
    const { frames, fps } = summarise(this.#seen, atMs - this.#startedMs);
    const text = `${frames} frames, ${fps} per second, now ${input}`;
    io.stderr.write(overwritten ? `\r\x1b[K${text.slice(0, 78)}` : `${text}\n`);
  }
}

const isOverwritten = ({ stdout, stderr }: ReplayIo): boolean =>
  stderr.isTTY === true && stdout.isTTY !== true;
