import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeScore, type ScoredEvent, type Truth } from './score.ts';

const TRUTH: Truth = {
  fps: 10,
  frames: 100,
  runs: [
    { fromFrame: 0, toFrame: 29, label: 'none' },
    { fromFrame: 30, toFrame: 39, label: 'edge' },
    { fromFrame: 40, toFrame: 69, label: 'cat' },
    { fromFrame: 70, toFrame: 99, label: 'none' },
  ],
};
const seen = (fromMs: number, toMs: number, label = 'cat'): readonly ScoredEvent[] => [
  { type: 'new', label, mediaMs: fromMs },
  { type: 'update', label, mediaMs: fromMs + 100 },
  { type: 'end', label, mediaMs: toMs },
];
const share = (events: readonly ScoredEvent[]): number => {
  const { right, judged } = computeScore(TRUTH, events, 1000, 'none');
  assert.equal(judged, 30);
  return right / judged;
};

test('what was decided in time is right', () => assert.equal(share(seen(4500, 7400)), 1));
test('an animal never reported costs its whole stretch', () => assert.equal(share([]), 20 / 30));
test('the wrong kind is wrong', () => assert.equal(share(seen(4500, 7400, 'dog')), 20 / 30));
test('a report that goes on over an empty picture is wrong there', () =>
  assert.equal(share(seen(4500, 9000)), 25 / 30));
test('a sighting still open lasts to the end', () => {
  assert.equal(share([{ type: 'new', label: 'cat', mediaMs: 4500 }]), 20 / 30);
});
