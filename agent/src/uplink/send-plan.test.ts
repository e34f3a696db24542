import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import {
  createFlight,
  type Flight,
  type Heads,
  isHistorical,
  planSends,
  recordReceipt,
  recordSent,
  type SendPolicy,
} from './send-plan.ts';

const POLICY: SendPolicy = { window: 4, ratePerSec: 1000, receiptTimeoutMs: 100 };

function heads(
  event: readonly [number, number],
  deployment: readonly number[] = [1, 0],
  telemetry: readonly number[] = [1, 0],
): Heads {
  const held = ([firstSeq = 1, lastSeq = 0]: readonly number[]) => ({ firstSeq, lastSeq });
  return { event: held(event), deployment: held(deployment), telemetry: held(telemetry) };
}
const EMPTY = heads([1, 0]);

/** Sends `seqs` at `nowMs` on a flight. */
const sent = (flight: Flight, stream: Stream, seqs: readonly number[], nowMs = 0) =>
  recordSent(flight, stream, seqs, nowMs);

describe('planSends', () => {
  const fresh = createFlight(EMPTY, POLICY, 0);
  const cases: readonly {
    readonly name: string;
    readonly flight: Flight;
    readonly heads: Heads;
    readonly nowMs?: number;
    readonly wants: readonly (readonly [Stream, number, number])[];
    readonly wakeInMs: number | undefined;
  }[] = [
    {
      name: 'nothing is held, so nothing is sent and nobody wakes',
      flight: fresh,
      heads: EMPTY,
      wants: [],
      wakeInMs: undefined,
    },
    {
      name: 'rows below the window all go',
      flight: fresh,
      heads: heads([3, 5]),
      wants: [['event', 2, 3]],
      wakeInMs: 100,
    },
    {
      name: 'the window bounds a backlog',
      flight: fresh,
      heads: heads([1, 99]),
      wants: [['event', 0, 4]],
      wakeInMs: 100,
    },
    {
      name: 'deployment changes go before events, events before telemetry',
      flight: fresh,
      heads: heads([1, 2], [7, 7], [1, 9]),
      wants: [
        ['deployment', 6, 1],
        ['event', 0, 2],
        ['telemetry', 0, 1],
      ],
      wakeInMs: 100,
    },
    {
      name: 'what is in flight is not sent again',
      flight: sent(fresh, 'event', [1, 2]),
      heads: heads([1, 3]),
      wants: [['event', 2, 1]],
      wakeInMs: 100,
    },
    {
      name: 'a full window waits for its receipts',
      flight: sent(fresh, 'event', [1, 2, 3, 4]),
      heads: heads([1, 9]),
      nowMs: 30,
      wants: [],
      wakeInMs: 70,
    },
    {
      name: 'a full window of one stream lets one row of another through',
      flight: sent(fresh, 'event', [1, 2, 3, 4]),
      heads: heads([1, 9], [1, 3]),
      nowMs: 30,
      wants: [['deployment', 0, 1]],
      wakeInMs: 70,
    },
    {
      name: 'a receipt makes room',
      flight: recordReceipt(sent(fresh, 'event', [1, 2, 3, 4]), 'event', 3, 10),
      heads: heads([4, 9]),
      nowMs: 10,
      wants: [['event', 4, 3]],
      wakeInMs: 100,
    },
    {
      name: 'what was receipted is not sent again while the outbox cannot let it go',
      flight: recordReceipt(sent(fresh, 'event', [1, 2, 3, 4]), 'event', 4, 10),
      heads: heads([1, 6]),
      nowMs: 10,
      wants: [['event', 4, 2]],
      wakeInMs: 100,
    },
    {
      name: 'overdue rows go again, but those that were receipted',
      flight: recordReceipt(sent(fresh, 'event', [1, 2, 3, 4]), 'event', 2, 10),
      heads: heads([1, 4]),
      nowMs: 110,
      wants: [['event', 2, 2]],
      wakeInMs: 100,
    },
    {
      name: 'overdue rows go again from the first one held',
      flight: sent(fresh, 'event', [1, 2, 3]),
      heads: heads([1, 3]),
      nowMs: 100,
      wants: [['event', 0, 3]],
      wakeInMs: 100,
    },
    {
      name: 'evicted rows no longer take room',
      flight: sent(fresh, 'event', [1, 2, 3, 4]),
      heads: heads([4, 9]),
      nowMs: 30,
      wants: [['event', 4, 3]],
      wakeInMs: 70,
    },
    {
      name: 'spent credit holds rows back until it is earned again',
      flight: { ...fresh, credit: 1.5 },
      heads: heads([1, 9]),
      wants: [['event', 0, 1]],
      wakeInMs: 2,
    },
    {
      name: 'credit is earned with time, up to a window',
      flight: { ...fresh, credit: 0 },
      heads: heads([1, 9]),
      nowMs: 50,
      wants: [['event', 0, 4]],
      wakeInMs: 100,
    },
  ];
  for (const { name, flight, heads: held, nowMs = 0, wants, wakeInMs } of cases) {
    test(name, () => {
      const plan = planSends(flight, held, POLICY, nowMs);
      assert.deepEqual(
        plan.wants.map(({ stream, afterSeq, limit }) => [stream, afterSeq, limit]),
        wants,
      );
      assert.equal(plan.wakeInMs, wakeInMs);
    });
  }
});

test('a late receipt changes nothing', () => {
  const flight = recordReceipt(sent(createFlight(EMPTY, POLICY, 0), 'event', [5, 6]), 'event', 5, 10);
  assert.equal(recordReceipt(flight, 'event', 4, 20), flight);
});

test('only rows that were there when the connection was made are historical', () => {
  const flight = createFlight(heads([1, 3]), POLICY, 0);
  assert.equal(isHistorical(flight, 'event', 3), true);
  assert.equal(isHistorical(flight, 'event', 4), false);
  assert.equal(isHistorical(flight, 'telemetry', 1), false);
});

/** A small generator of reproducible chance (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Message {
  readonly stream: Stream;
  readonly seq: number;
  readonly firstSeq: number;
}

/** A server that stores rows in any order and receipts the end of what is contiguous. */
class ModelServer {
  readonly stored: Record<Stream, Set<number>> = {
    event: new Set(),
    deployment: new Set(),
    telemetry: new Set(),
  };
  readonly upTo: Record<Stream, number> = { event: 0, deployment: 0, telemetry: 0 };

  receive({ stream, seq, firstSeq }: Message): void {
    this.stored[stream].add(seq);
    this.upTo[stream] = Math.max(this.upTo[stream], firstSeq - 1);
    while (this.stored[stream].has(this.upTo[stream] + 1)) this.upTo[stream] += 1;
  }
}

/** One run: rows come in, messages and receipts are lost, reordered and repeated, connections break. */
class Simulation {
  readonly server = new ModelServer();
  readonly #random: () => number;
  readonly #total: number;
  readonly #first: Record<Stream, number> = { event: 1, deployment: 1, telemetry: 1 };
  readonly #last: Record<Stream, number> = { event: 0, deployment: 0, telemetry: 0 };
  #receipts: { readonly stream: Stream; readonly upTo: number }[] = [];
  #flight = createFlight(EMPTY, POLICY, 0);
  #nowMs = 0;

  constructor(seed: number, total: number) {
    this.#random = createRandom(seed);
    this.#total = total;
  }

  isDone(): boolean {
    return STREAMS.every((stream) => this.#first[stream] === this.#total + 1);
  }

  step(): void {
    this.#nowMs += 5;
    for (const stream of STREAMS) {
      if (this.#last[stream] < this.#total && this.#random() < 0.5) this.#last[stream] += 1;
    }
    if (this.#random() < 0.01) this.#flight = createFlight(this.#heads(), POLICY, this.#nowMs);
    this.#send();
    this.#receipts.push(...STREAMS.map((stream) => ({ stream, upTo: this.server.upTo[stream] })));
    this.#receipts = this.#receipts.filter((receipt) => this.#deliver(receipt));
  }

  largestFlight(): number {
    return Math.max(...STREAMS.map((stream) => this.#flight.streams[stream].seqs.length));
  }

  #heads(): Heads {
    const held = (stream: Stream) => [this.#first[stream], this.#last[stream]] as const;
    return heads(held('event'), held('deployment'), held('telemetry'));
  }

  #send(): void {
    const plan = planSends(this.#flight, this.#heads(), POLICY, this.#nowMs);
    this.#flight = plan.flight;
    for (const { stream, afterSeq, limit } of plan.wants) {
      const seqs = Array.from({ length: limit }, (_, index) => afterSeq + 1 + index);
      this.#flight = recordSent(this.#flight, stream, seqs, this.#nowMs);
      const arriving = seqs.filter(() => this.#random() > 0.1);
      for (const seq of arriving) this.server.receive({ stream, seq, firstSeq: this.#first[stream] });
    }
  }

  /** @returns true when the receipt is still on its way: later than others, or to come again */
  #deliver({ stream, upTo }: { readonly stream: Stream; readonly upTo: number }): boolean {
    const fate = this.#random();
    if (fate < 0.4) {
      this.#flight = recordReceipt(this.#flight, stream, upTo, this.#nowMs);
      this.#first[stream] = Math.max(this.#first[stream], upTo + 1);
    }
    return fate < 0.05 || fate > 0.6;
  }
}

test('when messages and receipts are lost, reordered and repeated, every row is stored and acknowledged', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const run = new Simulation(seed, 60);
    for (let steps = 0; steps < 100_000 && !run.isDone(); steps += 1) {
      run.step();
      assert.ok(run.largestFlight() <= POLICY.window, `seed ${seed}: the window holds`);
    }
    assert.ok(run.isDone(), `seed ${seed}: everything is acknowledged`);
    for (const stream of STREAMS) {
      assert.equal(run.server.stored[stream].size, 60, `seed ${seed}: none is skipped`);
    }
  }
});
