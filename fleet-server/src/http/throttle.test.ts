import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createThrottle, type Throttle } from './throttle.ts';

const RULE = { freeAttempts: 5, longestMs: 300_000 };

/** Makes `count` attempts, each as soon as it may be. @returns the time of the last one */
function attemptOften(throttle: Throttle, count: number): number {
  let nowMs = 0;
  for (let made = 0; made < count; made += 1) {
    nowMs += throttle.waitMs('key', nowMs);
    throttle.count('key', nowMs);
  }
  return nowMs;
}

for (const [attempts, totalSec] of [
  [5, 0],
  [6, 1],
  [7, 1 + 2],
  [13, 1 + 2 + 4 + 8 + 16 + 32 + 64 + 128],
  [15, 511 + 300],
] as const)
  test(`${attempts} attempts without success take ${totalSec} s`, () => {
    assert.equal(attemptOften(createThrottle(RULE), attempts), totalSec * 1000);
  });

test('forgetting ends the pause', () => {
  const throttle = createThrottle(RULE);
  const nowMs = attemptOften(throttle, 9);
  throttle.forget('key');
  assert.equal(throttle.waitMs('key', nowMs), 0);
});

test('attempts taken back never make a pause, and take back no others', () => {
  const throttle = createThrottle(RULE);
  for (let made = 0; made < 50; made += 1) {
    throttle.count('key', 0);
    throttle.takeBack('key');
  }
  assert.equal(throttle.waitMs('key', 0), 0);
  attemptOften(throttle, 4);
  throttle.count('key', 0);
  throttle.takeBack('key');
  throttle.count('key', 0);
  assert.equal(throttle.waitMs('key', 0), 1000);
});

test('what was long ago is forgotten', () => {
  const throttle = createThrottle(RULE);
  const nowMs = attemptOften(throttle, 9) + 3_600_000;
  throttle.count('key', nowMs);
  assert.equal(throttle.waitMs('key', nowMs), 0);
});

test('a clock that was set back makes nobody wait longer than the rule', () => {
  const throttle = createThrottle(RULE);
  throttle.count('once', 90_000_000);
  assert.equal(throttle.waitMs('once', 0), 0);
  for (let made = 0; made < 9; made += 1) throttle.count('often', 90_000_000);
  assert.equal(throttle.waitMs('often', 0), RULE.longestMs);
});

test('keys do not slow each other down', () => {
  const throttle = createThrottle(RULE);
  attemptOften(throttle, 9);
  assert.equal(throttle.waitMs('other', 0), 0);
});
