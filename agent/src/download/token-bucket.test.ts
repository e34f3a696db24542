import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fillBucket, takeTokens } from './token-bucket.ts';

test('a burst of a second passes at once; what comes after it waits for its time', () => {
  let taken = takeTokens(fillBucket(1000, 0), 1000, 1000, 0);
  assert.equal(taken.waitMs, 0);
  taken = takeTokens(taken.bucket, 500, 1000, 0);
  assert.equal(taken.waitMs, 500);
  assert.equal(takeTokens(taken.bucket, 1, 1000, 500).waitMs, 1);
});

test('a clock that goes back gives nothing', () => {
  const { bucket } = takeTokens(fillBucket(1000, 10_000), 1000, 1000, 10_000);
  assert.equal(takeTokens(bucket, 100, 1000, 0).waitMs, 100);
});

test('whoever waits as told never gets more than the rate and a burst', () => {
  const arrivals = fc.array(fc.tuple(fc.nat(10_000), fc.nat(3000)), { maxLength: 50 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), arrivals, (perSec, chunks) => {
      let bucket = fillBucket(perSec, 0);
      let nowMs = 0;
      let total = 0;
      for (const [count, pauseMs] of chunks) {
        nowMs += pauseMs;
        const taken = takeTokens(bucket, count, perSec, nowMs);
        bucket = taken.bucket;
        nowMs += taken.waitMs;
        total += count;
        // Rounding of the clock aside.
        assert.ok(total <= (perSec * nowMs) / 1000 + perSec + 1e-6, `${total} after ${nowMs} ms`);
      }
    }),
  );
});
