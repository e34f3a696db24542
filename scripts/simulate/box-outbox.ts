import {
  createFlight,
  type Flight,
  type Heads,
  isHistorical,
  planSends,
  recordReceipt,
  recordSent,
  SEND_POLICY,
} from '@watchpost/agent/uplink/send-plan.ts';
import { type Receipt, STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import type { OutboxReport } from '@watchpost/shared/messages/telemetry.ts';

/** A durable message that no receipt covers yet. */
export interface Row {
  readonly stream: Stream;
  readonly seq: number;
  readonly camera?: string;
  readonly body: object;
  readonly madeAtMs: number;
}

/** The durable messages of a box, numbered per stream; in the file of a real agent, here in memory. */
export interface BoxOutbox {
  readonly rows: Readonly<Record<Stream, readonly Row[]>>;
  readonly lastSeq: Readonly<Record<Stream, number>>;
  /** What is on its way; absent while not connected. */
  readonly flight?: Flight | undefined;
}

/** A row as it goes out. */
export interface SentRow extends Row {
  readonly firstSeq: number;
  readonly historical: boolean;
}

export const EMPTY_OUTBOX: BoxOutbox = {
  rows: { event: [], deployment: [], telemetry: [] },
  lastSeq: { event: 0, deployment: 0, telemetry: 0 },
};

export function append(outbox: BoxOutbox, row: Omit<Row, 'seq'>): BoxOutbox {
  const { stream } = row;
  const seq = outbox.lastSeq[stream] + 1;
  return {
    ...outbox,
    rows: { ...outbox.rows, [stream]: [...outbox.rows[stream], { ...row, seq }] },
    lastSeq: { ...outbox.lastSeq, [stream]: seq },
  };
}

export const beginFlight = (outbox: BoxOutbox, nowMs: number): BoxOutbox => ({
  ...outbox,
  flight: createFlight(headsOf(outbox), SEND_POLICY, nowMs),
});

export const endFlight = (outbox: BoxOutbox): BoxOutbox => ({ ...outbox, flight: undefined });

/** Takes out what is to be sent now, by the plan of the real agent. */
export function takeDue(
  outbox: BoxOutbox,
  nowMs: number,
): { readonly outbox: BoxOutbox; readonly sent: readonly SentRow[]; readonly againMs: number } {
  if (outbox.flight === undefined) return { outbox, sent: [], againMs: Number.POSITIVE_INFINITY };
  const heads = headsOf(outbox);
  const plan = planSends(outbox.flight, heads, SEND_POLICY, nowMs);
  let { flight } = plan;
  const sent: SentRow[] = [];
  for (const { stream, afterSeq, limit } of plan.wants) {
    const rows = outbox.rows[stream].filter(({ seq }) => seq > afterSeq).slice(0, limit);
    const { firstSeq } = heads[stream];
    sent.push(
      ...rows.map((row) => ({ ...row, firstSeq, historical: isHistorical(plan.flight, stream, row.seq) })),
    );
    flight = recordSent(
      flight,
      stream,
      rows.map(({ seq }) => seq),
      nowMs,
    );
  }
  return {
    outbox: { ...outbox, flight },
    sent,
    againMs: nowMs + (plan.wakeInMs ?? Number.POSITIVE_INFINITY),
  };
}

/** @returns undefined when the receipt covers numbers this outbox never gave: its file went back in time */
export function settle(outbox: BoxOutbox, { upTo }: Receipt, nowMs: number): BoxOutbox | undefined {
  if (STREAMS.some((stream) => (upTo[stream] ?? 0) > outbox.lastSeq[stream])) return undefined;
  let settled = outbox;
  for (const stream of STREAMS) {
    const end = upTo[stream] ?? 0;
    if (end < headsOf(settled)[stream].firstSeq) continue;
    const flight = settled.flight && recordReceipt(settled.flight, stream, end, nowMs);
    const rows = { ...settled.rows, [stream]: settled.rows[stream].filter(({ seq }) => seq > end) };
    settled = { ...settled, rows, flight };
  }
  return settled;
}

export const countRows = ({ rows }: BoxOutbox): number =>
  rows.event.length + rows.deployment.length + rows.telemetry.length;

export function reportOutbox({ rows }: BoxOutbox, nowMs: number): OutboxReport {
  const all = STREAMS.flatMap((stream) => rows[stream].slice(0, 1));
  const oldestMs = Math.min(nowMs, ...all.map(({ madeAtMs }) => madeAtMs));
  const count = countRows({ rows, lastSeq: EMPTY_OUTBOX.lastSeq });
  return { rows: count, bytes: count * 400, oldestSec: (nowMs - oldestMs) / 1000, dropped: 0 };
}

function headsOf({ rows, lastSeq }: BoxOutbox): Heads {
  const held = (stream: Stream) => ({
    firstSeq: rows[stream][0]?.seq ?? lastSeq[stream] + 1,
    lastSeq: lastSeq[stream],
  });
  return { event: held('event'), deployment: held('deployment'), telemetry: held('telemetry') };
}
