import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import { perStream } from './per-stream.ts';

/** How hard one box may press the server. */
export interface SendPolicy {
  /** Rows sent and not receipted, over all streams. */
  readonly window: number;
  /** Rows per second in the long run; `window` of them at once. Bounds the storm after an outage of the server. */
  readonly ratePerSec: number;
  /** Without progress for this long, a stream is sent again from its first row. */
  readonly receiptTimeoutMs: number;
}

export const SEND_POLICY: SendPolicy = { window: 20, ratePerSec: 100, receiptTimeoutMs: 30_000 };

/** What the outbox holds of a stream: everything committed from `firstSeq` to `lastSeq`. */
export interface Held {
  readonly firstSeq: number;
  readonly lastSeq: number;
}
export type Heads = Readonly<Record<Stream, Held>>;

interface StreamFlight {
  /** Numbers sent on this connection and not receipted, ascending. */
  readonly seqs: readonly number[];
  /** What the server said it has on this connection: not sent again where the disk cannot let it go. */
  readonly receiptedUpTo: number;
  /** Monotonic time of the last progress: the first send after none was in flight, or a receipt that moved. */
  readonly progressMs: number;
  /** Rows up to here were there before this connection. */
  readonly backlogUpTo: number;
}

/** What is on its way on one connection; a new connection begins with a new flight. */
export interface Flight {
  readonly streams: Readonly<Record<Stream, StreamFlight>>;
  /** Rows that may be sent at once (a token bucket), as of `filledMs`. */
  readonly credit: number;
  readonly filledMs: number;
}

/** Rows to send now: the oldest `limit` above `afterSeq`. */
export interface Want {
  readonly stream: Stream;
  readonly afterSeq: number;
  readonly limit: number;
}

export interface SendPlan {
  readonly flight: Flight;
  readonly wants: readonly Want[];
  /** When to plan again even if nothing happens; undefined when only a commit, a receipt or a connection matters. */
  readonly wakeInMs: number | undefined;
}

/** Few and decisive first, plentiful and replaceable last. */
const SEND_ORDER: readonly Stream[] = ['deployment', 'event', 'telemetry'];

export function createFlight(heads: Heads, policy: SendPolicy, nowMs: number): Flight {
  return {
    streams: perStream((stream) => ({
      seqs: [],
      receiptedUpTo: 0,
      progressMs: nowMs,
      backlogUpTo: heads[stream].lastSeq,
    })),
    credit: policy.window,
    filledMs: nowMs,
  };
}

/**
 * Which rows to send now. Rows of a stream go in order, each once per connection unless its receipt is overdue:
 * only the receipt counts, since the broker's PUBACK says nothing about the server's disk.
 * A stream with nothing in flight may send one row even when the window is full, so that a stream whose receipts
 * do not come cannot hold up the others.
 */
export function planSends(flight: Flight, heads: Heads, policy: SendPolicy, nowMs: number): SendPlan {
  const current = refill(forgetGone(flight, heads, policy, nowMs), policy, nowMs);
  let credit = Math.floor(current.credit);
  let room = policy.window - countInFlight(current);
  const wants: Want[] = [];
  let isHeldBack = false;
  for (const stream of SEND_ORDER) {
    const { seqs, receiptedUpTo } = current.streams[stream];
    const afterSeq = Math.max(seqs.at(-1) ?? 0, receiptedUpTo, heads[stream].firstSeq - 1);
    const waiting = heads[stream].lastSeq - afterSeq;
    const allowed = Math.min(waiting, Math.max(room, seqs.length === 0 ? 1 : 0));
    const limit = Math.min(allowed, credit);
    isHeldBack ||= limit < allowed;
    if (limit <= 0) continue;
    wants.push({ stream, afterSeq, limit });
    credit -= limit;
    room -= limit;
  }
  const waits = listDeadlines(current, policy).map((deadlineMs) => deadlineMs - nowMs);
  if (wants.length > 0) waits.push(policy.receiptTimeoutMs);
  // Half a window at a time is worth waking up for; a row at a time is not.
  if (isHeldBack) waits.push((policy.window / 2 / policy.ratePerSec) * 1000);
  return { flight: current, wants, wakeInMs: waits.length === 0 ? undefined : Math.ceil(Math.min(...waits)) };
}

/** `seqs` were handed to the connection. */
export function recordSent(flight: Flight, stream: Stream, seqs: readonly number[], nowMs: number): Flight {
  const before = flight.streams[stream];
  const progressMs = before.seqs.length === 0 ? nowMs : before.progressMs;
  const after = { ...before, seqs: [...before.seqs, ...seqs], progressMs };
  return {
    ...flight,
    credit: flight.credit - seqs.length,
    streams: { ...flight.streams, [stream]: after },
  };
}

/** The server has stored everything up to `upTo`. Late and repeated receipts change nothing. */
export function recordReceipt(flight: Flight, stream: Stream, upTo: number, nowMs: number): Flight {
  const before = flight.streams[stream];
  if (upTo <= before.receiptedUpTo) return flight;
  const seqs = before.seqs.filter((seq) => seq > upTo);
  const progressMs = seqs.length === before.seqs.length ? before.progressMs : nowMs;
  const after = { ...before, seqs, receiptedUpTo: upTo, progressMs };
  return { ...flight, streams: { ...flight.streams, [stream]: after } };
}

/** True for a row that was already there when this connection was made. */
export function isHistorical(flight: Flight, stream: Stream, seq: number): boolean {
  return seq <= flight.streams[stream].backlogUpTo;
}

/** Rows that were evicted are no longer on their way, and all of a stream are taken as lost when it is overdue. */
function forgetGone(flight: Flight, heads: Heads, policy: SendPolicy, nowMs: number): Flight {
  const settle = (stream: Stream): StreamFlight => {
    const before = flight.streams[stream];
    const isOverdue = nowMs - before.progressMs >= policy.receiptTimeoutMs;
    return { ...before, seqs: isOverdue ? [] : before.seqs.filter((seq) => seq >= heads[stream].firstSeq) };
  };
  const streams = {
    event: settle('event'),
    deployment: settle('deployment'),
    telemetry: settle('telemetry'),
  };
  return { ...flight, streams };
}

function refill(flight: Flight, policy: SendPolicy, nowMs: number): Flight {
  const earned = ((nowMs - flight.filledMs) / 1000) * policy.ratePerSec;
  return { ...flight, credit: Math.min(policy.window, flight.credit + earned), filledMs: nowMs };
}

function countInFlight(flight: Flight): number {
  return STREAMS.reduce((sum, stream) => sum + flight.streams[stream].seqs.length, 0);
}

/** When each stream with rows in flight is overdue. */
function listDeadlines(flight: Flight, policy: SendPolicy): number[] {
  return STREAMS.filter((stream) => flight.streams[stream].seqs.length > 0).map(
    (stream) => flight.streams[stream].progressMs + policy.receiptTimeoutMs,
  );
}
