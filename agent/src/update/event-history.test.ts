import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addToHistory,
  computeUsualRate,
  type EventHistory,
  HISTORY_HOURS,
  judgeEventCount,
} from './event-history.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = 400_000 * HOUR_MS;

/** Whole hours, `events` in each, at this hour of the day for some days. */
function fill(days: number, events: number, shiftMs = 0): EventHistory {
  let history: EventHistory = [];
  for (let day = days; day >= 1; day -= 1) {
    history = addToHistory(history, { nowMs: NOW_MS - day * DAY_MS + shiftMs, events, coveredSec: 3_600 });
  }
  return history;
}

test('what was seen in one hour adds up', () => {
  let history = addToHistory([], { nowMs: NOW_MS, events: 2, coveredSec: 60 });
  history = addToHistory(history, { nowMs: NOW_MS + 60_000, events: 1, coveredSec: 60 });
  assert.deepEqual(history, [{ hour: 400_000, events: 3, coveredSec: 120 }]);
});

test('a week is remembered, and no more', () => {
  let history: EventHistory = [];
  for (let hour = 0; hour < 200; hour += 1) {
    history = addToHistory(history, { nowMs: NOW_MS + hour * HOUR_MS, events: 1, coveredSec: 60 });
  }
  assert.equal(history.length, HISTORY_HOURS);
  assert.equal(history.at(-1)?.hour, 400_199);
});

const RATES: readonly (readonly [name: string, history: EventHistory, rate: number | undefined])[] = [
  ['nothing is known of a new box', [], undefined],
  ['two hours are too few', fill(2, 36), undefined],
  ['three hours of three days are enough', fill(3, 36), 0.01],
  ['another hour of the day tells nothing', fill(7, 36, HOUR_MS), undefined],
  ['what is older than a week does not count', fill(2, 36, -7 * DAY_MS), undefined],
  ['hours of a clock that was ahead do not count', fill(5, 36, 30 * DAY_MS), undefined],
];
for (const [name, history, rate] of RATES) {
  test(`usual rate: ${name}`, () => assert.equal(computeUsualRate(history, NOW_MS), rate));
}

test('a clock that jumps far ahead and back loses nothing', () => {
  const jumped = addToHistory(fill(3, 36), { nowMs: NOW_MS + 400 * DAY_MS, events: 9, coveredSec: 60 });
  assert.equal(computeUsualRate(jumped, NOW_MS), 0.01);
});

for (const [observed, expected, ratio, verdict] of [
  [100, 10, 5, 'too_many'],
  [20, 10, 5, 'as_usual'],
  [25, 0.5, 5, 'too_many'],
  [60, 12, 5, 'as_usual'],
  [0, 6, 5, 'as_usual'],
  [0, 10, 5, 'too_few'],
  [3, 100, 5, 'too_few'],
  [30, 100, 5, 'as_usual'],
  [0, 1, 1, 'as_usual'],
  [11, 10, 1, 'as_usual'],
] as const) {
  test(`${observed} events where ${expected} are usual, within a factor of ${ratio}: ${verdict}`, () => {
    assert.equal(judgeEventCount(observed, expected, ratio), verdict);
  });
}
