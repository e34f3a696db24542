import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseEvenly, planReading } from './reading-plan.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const question = (orderedAtMs: number, soakSeconds: number) => ({
  soakSeconds,
  executed: [orderedAtMs + 5, orderedAtMs].map((at) => ({
    deviceId: 'x',
    deploymentId: 'd',
    state: 'success' as const,
    orderedAtMs: at,
  })),
});

test('an hour before the first order is read at least, and minutes are told apart', () => {
  const nowMs = 100 * HOUR_MS;
  const plan = planReading(question(nowMs - 30 * MINUTE_MS, 600), nowMs);
  assert.deepEqual(plan, { sinceMs: nowMs - 90 * MINUTE_MS, bucketMs: MINUTE_MS });
});

test('a long soak is read in longer means, with as long a time before it, a day at most', () => {
  const nowMs = 1000 * HOUR_MS;
  const plan = planReading(question(nowMs - 24 * HOUR_MS, 72 * 3600), nowMs);
  assert.deepEqual(plan, { sinceMs: nowMs - 48 * HOUR_MS, bucketMs: 24 * MINUTE_MS });
});

test('of many devices some are chosen, all over the list and always the same', () => {
  assert.deepEqual(chooseEvenly([1, 2, 3], 3), [1, 2, 3]);
  assert.deepEqual(chooseEvenly([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4), [0, 2, 5, 7]);
});
