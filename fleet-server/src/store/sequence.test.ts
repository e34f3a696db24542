import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Numbered, planStream, type StreamState } from './sequence.ts';

const state = (upTo: number, ...pending: number[]): StreamState => ({ upTo, pending: new Set(pending) });
const m = (seq: number, firstSeq = 1): Numbered => ({ seq, firstSeq });
const seqs = (messages: readonly Numbered[]): readonly number[] => messages.map(({ seq }) => seq);

const CASES: readonly {
  readonly name: string;
  readonly before: StreamState;
  readonly batch: readonly Numbered[];
  readonly fresh: readonly number[];
  readonly upTo: number;
  readonly opened?: readonly number[];
  readonly closed?: readonly number[];
}[] = [
  { name: 'the first messages in order', before: state(0), batch: [m(1), m(2)], fresh: [1, 2], upTo: 2 },
  { name: 'a message sent again', before: state(2), batch: [m(2), m(1)], fresh: [], upTo: 2 },
  { name: 'the same message twice in a batch', before: state(0), batch: [m(1), m(1)], fresh: [1], upTo: 1 },
  { name: 'a gap', before: state(0), batch: [m(3), m(1)], fresh: [3, 1], upTo: 1, opened: [3] },
  { name: 'a pending one again', before: state(1, 3), batch: [m(3)], fresh: [], upTo: 1 },
  { name: 'a gap that closes', before: state(1, 3, 4), batch: [m(2)], fresh: [2], upTo: 4, closed: [3, 4] },
  { name: 'a gap half closed', before: state(1, 3, 6), batch: [m(2)], fresh: [2], upTo: 3, closed: [3] },
  {
    name: 'numbers that were evicted',
    before: state(1, 3),
    batch: [m(9, 8)],
    fresh: [9],
    upTo: 7,
    opened: [9],
    closed: [3],
  },
  {
    name: 'eviction up to a pending one',
    before: state(1, 5),
    batch: [m(7, 5)],
    fresh: [7],
    upTo: 5,
    closed: [5],
    opened: [7],
  },
  {
    name: 'a neighbour that gave up waiting for it',
    before: state(0),
    batch: [m(5, 5), m(4, 4)],
    fresh: [5, 4],
    upTo: 5,
  },
  { name: 'a first number above its own', before: state(0), batch: [m(2, 9)], fresh: [2], upTo: 2 },
  {
    name: 'what is too far ahead to be waited for',
    before: state(1),
    batch: [m(1_001), m(1_002), m(2)],
    fresh: [1_001, 2],
    upTo: 2,
    opened: [1_001],
  },
  {
    name: 'any number of a sender that holds none before it',
    before: state(1, 5),
    batch: [m(9_000, 9_000)],
    fresh: [9_000],
    upTo: 9_000,
    closed: [5],
  },
  { name: 'nothing', before: state(4, 6), batch: [], fresh: [], upTo: 4 },
];

for (const { name, before, batch, fresh, upTo, opened = [], closed = [] } of CASES) {
  test(`a stream takes ${name}`, () => {
    const plan = planStream(before, batch, (message) => message);
    assert.deepEqual(
      { fresh: seqs(plan.fresh), upTo: plan.upTo, opened: plan.opened, closed: plan.closed },
      { fresh, upTo, opened, closed },
    );
  });
}

test('a batch in its order is taken whole, however long it is', () => {
  const plan = planStream(
    state(0),
    Array.from({ length: 5_000 }, (_, index) => m(index + 1)),
    (message) => message,
  );
  assert.deepEqual([plan.fresh.length, plan.upTo, plan.opened], [5_000, 5_000, []]);
});

test('of a box that leaves numbers out, no more than a bound is remembered', () => {
  let held = state(0);
  for (let seq = 2; seq < 20_000; seq += 2) {
    const { upTo, opened } = planStream(held, [m(seq)], (message) => message);
    held = { upTo, pending: new Set([...held.pending, ...opened]) };
  }
  assert.ok(held.pending.size <= 1_000, `${held.pending.size} numbers`);
});

test('what lies behind a wide gap of an outbox is taken once the box holds nothing before it', () => {
  const sent = planStream(state(0), [m(1), m(5_000)], (message) => message);
  assert.deepEqual([seqs(sent.fresh), sent.upTo], [[1], 1]);
  const again = planStream(state(sent.upTo), [m(5_000, 5_000)], (message) => message);
  assert.deepEqual([seqs(again.fresh), again.upTo], [[5_000], 5_000]);
});
