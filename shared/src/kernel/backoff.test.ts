import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeBackoffMs } from './backoff.ts';

const POLICY = { baseMs: 1000, maxMs: 60_000 };

test('the bound doubles with each attempt and stops at the maximum', () => {
  const bounds = [0, 1, 2, 6, 40].map((attempt) => computeBackoffMs(POLICY, attempt, 1));
  assert.deepEqual(bounds, [1000, 2000, 4000, 60_000, 60_000]);
});

test('the draw spreads waits below the bound, never down to nothing', () => {
  assert.equal(computeBackoffMs(POLICY, 1, 0), 200);
  assert.equal(computeBackoffMs(POLICY, 1, 0.5), 1100);
});
