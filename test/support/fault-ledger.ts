import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';

/** How far each stream of an epoch was committed on the box. */
export type Committed = Readonly<Record<string, Readonly<Partial<Record<Stream, number>>>>>;

/** One message as the server stored it. */
export interface StoredMessage {
  readonly epoch: string;
  readonly stream: Stream;
  readonly seq: number;
  /** The lowest number the box still held when it sent this. */
  readonly firstSeq: number;
  /** What the box logged of it; events and deployment changes only. */
  readonly key?: string;
}

export interface LedgerEntries {
  readonly committed: Committed;
  /** Keys of what the box logged and had the time to commit. */
  readonly logged: readonly string[];
  readonly stored: readonly StoredMessage[];
  /** Epochs that went on with the numbers of another: what lay below was the other's. */
  readonly renewed: ReadonlySet<string>;
}

export interface LedgerFindings {
  readonly lost: readonly string[];
  readonly duplicates: readonly string[];
}

/** Every number up to the last one committed is stored once, and whatever was logged is stored once. */
export function compareLedgers({ committed, logged, stored, renewed }: LedgerEntries): LedgerFindings {
  const counts = new Map<string, number>();
  const keys = new Map<string, number>();
  for (const { epoch, stream, seq, key } of stored) {
    const number = nameOf(epoch, stream, seq);
    counts.set(number, (counts.get(number) ?? 0) + 1);
    if (key !== undefined) keys.set(key, (keys.get(key) ?? 0) + 1);
  }
  const wanted = Object.entries(committed).flatMap(([epoch, streams]) =>
    STREAMS.flatMap((stream) =>
      Array.from({ length: streams[stream] ?? 0 }, (_, index) => index + 1)
        .filter((seq) => !renewed.has(epoch) || seq >= beginOf(stored, epoch, stream))
        .map((seq) => nameOf(epoch, stream, seq)),
    ),
  );
  return {
    lost: [...wanted.filter((name) => !counts.has(name)), ...logged.filter((key) => !keys.has(key))],
    duplicates: [...counts, ...keys].filter(([, count]) => count > 1).map(([name]) => name),
  };
}

function beginOf(stored: readonly StoredMessage[], epoch: string, stream: Stream): number {
  const own = stored.filter((message) => message.epoch === epoch && message.stream === stream);
  return Math.min(...own.map(({ firstSeq }) => firstSeq));
}

const nameOf = (epoch: string, stream: Stream, seq: number): string => `${stream} ${seq} of epoch ${epoch}`;

/** What one log line or one stored body says of a message. */
export function keyOfEvent(event: Readonly<Record<string, unknown>>, camera: string): string {
  return `event ${camera} ${event.id} ${event.type} ${event.tsMs}`;
}
