import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoginThrottle } from './login-throttle.ts';

/** Makes `count` attempts, each as soon as it may be. @returns the time of the last one */
function attemptOften(throttle: ReturnType<typeof createLoginThrottle>, count: number): number {
  let nowMs = 0;
  for (let made = 0; made < count; ) {
    const waitMs = throttle.attempt('key', nowMs);
    nowMs += waitMs;
    if (waitMs === 0) made += 1;
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
    assert.equal(attemptOften(createLoginThrottle(), attempts), totalSec * 1000);
  });

test('a success forgets the failures', () => {
  const throttle = createLoginThrottle();
  const nowMs = attemptOften(throttle, 9);
  throttle.succeed('key');
  assert.equal(throttle.attempt('key', nowMs), 0);
});

test('keys do not slow each other down', () => {
  const throttle = createLoginThrottle();
  attemptOften(throttle, 9);
  assert.equal(throttle.attempt('other', 0), 0);
});
