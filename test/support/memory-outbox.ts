import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import type { OutboxReport } from '@watchpost/shared/messages/telemetry.ts';
import { chooseVictim, computeRowBytes } from '../../agent/src/uplink/eviction.ts';
import type { Outbox, OutboxRow } from '../../agent/src/uplink/port.ts';

/** The outbox without a disk: every row is committed when it is appended. */
export class MemoryOutbox implements Outbox {
  epoch = '0000000000000001';
  readonly #maxBytes: number;
  readonly #last: Record<Stream, number> = { event: 0, deployment: 0, telemetry: 0 };
  #rows: OutboxRow[] = [];
  readonly #drops: Record<Stream, number> = { event: 0, deployment: 0, telemetry: 0 };
  #onCommit: () => void = () => undefined;

  constructor(maxBytes = 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  append(row: Omit<OutboxRow, 'seq'>): number {
    const seq = ++this.#last[row.stream];
    this.#rows.push({ ...row, seq });
    while (this.#bytes() > this.#maxBytes) this.#evict();
    this.#onCommit();
    return seq;
  }

  peek(stream: Stream, afterSeq: number, limit: number): readonly OutboxRow[] {
    return this.#rows.filter((row) => row.stream === stream && row.seq > afterSeq).slice(0, limit);
  }

  firstSeq(stream: Stream): number {
    return this.peek(stream, 0, 1)[0]?.seq ?? this.#last[stream] + 1;
  }

  lastSeq(stream: Stream): number {
    return this.#last[stream];
  }

  acknowledge(stream: Stream, upTo: number): void {
    this.#rows = this.#rows.filter((row) => row.stream !== stream || row.seq > upTo);
  }

  /** It is never opened with rows. */
  renewEpoch(): void {
    this.epoch = (BigInt(`0x${this.epoch}`) + 1n).toString(16).padStart(16, '0');
  }

  onCommit(listener: () => void): void {
    this.#onCommit = listener;
  }

  report(nowMs: number): OutboxReport {
    const dropped = STREAMS.reduce((sum, stream) => sum + this.#drops[stream], 0);
    const oldestMs = Math.min(nowMs, ...this.#rows.map((row) => row.createdAtMs));
    return {
      rows: this.#rows.length,
      bytes: this.#bytes(),
      oldestSec: (nowMs - oldestMs) / 1000,
      dropped,
      ...(dropped > 0 && { droppedByStream: { ...this.#drops } }),
    };
  }

  flush(): void {
    // Nothing is ever queued.
  }

  close(): void {
    this.#rows = [];
  }

  #bytes(): number {
    return this.#rows.reduce((sum, row) => sum + computeRowBytes(row), 0);
  }

  #evict(): void {
    const victim = chooseVictim(STREAMS.flatMap((stream) => this.peek(stream, 0, 1)));
    const [head] = victim === undefined ? [] : this.peek(victim, 0, 1);
    if (head === undefined) return;
    this.#rows = this.#rows.filter((row) => row !== head);
    this.#drops[head.stream] += 1;
  }
}
