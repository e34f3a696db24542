import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClockEvidence, type ClockVerdict, computeLastSeenMs, judgeClock } from './clock-trust.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2027, 5, 1);
const RELEASED_MS = Date.UTC(2026, 10, 1);

const at = (change: Partial<ClockEvidence>): ClockEvidence => ({
  wallMs: NOW_MS,
  isSynced: false,
  releasedMs: RELEASED_MS,
  lastSeenMs: NOW_MS,
  ...change,
});

const CASES: readonly (readonly [string, Partial<ClockEvidence>, ClockVerdict])[] = [
  ['it is in step', { isSynced: true }, 'synced'],
  ['it is in step, whatever a wrong clock left behind', { isSynced: true, lastSeenMs: 9e12 }, 'synced'],
  ['it goes on from where it was', {}, 'plausible'],
  ['it is a minute back', { wallMs: NOW_MS - 60_000 }, 'plausible'],
  ['it is a day back', { wallMs: NOW_MS - DAY_MS }, 'behind'],
  ['it is at 1970', { wallMs: 0 }, 'behind'],
  ['it is at 1970 on a box that has seen no time yet', { wallMs: 0, lastSeenMs: 0 }, 'behind'],
  ['a box that has seen no time yet is past the release', { lastSeenMs: 0 }, 'plausible'],
  ['it is a day ahead', { wallMs: NOW_MS + DAY_MS }, 'plausible'],
];
for (const [name, change, verdict] of CASES) {
  test(`when ${name}, the clock is ${verdict}`, () => assert.equal(judgeClock(at(change)), verdict));
}

test('the latest time seen never goes back, but by a clock in step', () => {
  assert.equal(computeLastSeenMs(at({ wallMs: 0 })), NOW_MS);
  assert.equal(computeLastSeenMs(at({ wallMs: NOW_MS + 1 })), NOW_MS + 1);
  assert.equal(computeLastSeenMs(at({ isSynced: true, lastSeenMs: NOW_MS + DAY_MS })), NOW_MS);
});
