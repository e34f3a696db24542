import type { Stream } from '@watchpost/shared/messages/durable.ts';

/**
 * What goes first when the outbox is full: telemetry < deployment and event. The last two share a rank, oldest
 * first, so that a backlog of events cannot push out every new deployment change.
 */
const RANK: Readonly<Record<Stream, number>> = { telemetry: 0, deployment: 1, event: 1 };

/** The oldest row of a stream. */
export interface Head {
  readonly stream: Stream;
  readonly createdAtMs: number;
}

/** @returns the stream that loses its oldest row; undefined when there is none */
export function chooseVictim(heads: readonly Head[]): Stream | undefined {
  const [victim] = heads.toSorted((a, b) => RANK[a.stream] - RANK[b.stream] || a.createdAtMs - b.createdAtMs);
  return victim?.stream;
}

/** Bytes a row counts for: its texts and about what SQLite spends around them. */
export function computeRowBytes(row: { readonly topic: string; readonly body: string }): number {
  return row.topic.length + row.body.length + 32;
}
