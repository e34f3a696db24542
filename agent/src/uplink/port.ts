import type { Stream } from '@watchpost/shared/messages/durable.ts';
import type { OutboxReport } from '@watchpost/shared/messages/telemetry.ts';
import type { Payload, TopicKind } from '@watchpost/shared/topics.ts';

/** A durable message that waits for its receipt. */
export interface OutboxRow {
  readonly stream: Stream;
  readonly seq: number;
  readonly topic: string;
  /** JSON object, without the durable fields. */
  readonly body: string;
  readonly createdAtMs: number;
}

/**
 * Durable FIFO per stream: a message exists once it is here and goes when the server's receipt covers it.
 * `seq` starts at 1 and only grows within `epoch`, also across restarts and after everything was deleted.
 */
export interface Outbox {
  /** Identity of this file, 16 hex digits: a new file is a new epoch. */
  readonly epoch: string;
  /**
   * Queues a row; rows are committed together within a second, or at once with `durability: 'now'`.
   * @returns the number given
   */
  append(row: Omit<OutboxRow, 'seq'>, durability?: 'group' | 'now'): number;
  /** The oldest rows above `afterSeq`, in order. */
  peek(stream: Stream, afterSeq: number, limit: number): readonly OutboxRow[];
  /** Lowest number still held; the next one to be given when empty. */
  firstSeq(stream: Stream): number;
  lastSeq(stream: Stream): number;
  /** Deletes up to and including `upTo`. */
  acknowledge(stream: Stream, upTo: number): void;
  report(nowMs: number): OutboxReport;
  /** Commits what is queued. */
  flush(): void;
  close(): void;
}

/** The agent's one line to the fleet. */
export interface Uplink {
  /** Durable: goes through the outbox and survives restarts. */
  record<K extends 'cameraEvent' | 'deployment' | 'telemetry'>(kind: K, body: object, camera?: string): void;
  /** Live: sent now or not at all, or, where the topic is retained, again at each new connection. */
  publish<K extends TopicKind>(kind: K, payload: Payload<K>, camera?: string): void;
  isConnected(): boolean;
  report(nowMs: number): OutboxReport;
}
