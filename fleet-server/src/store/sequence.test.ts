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
