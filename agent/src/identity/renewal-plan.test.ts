import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeRenewalWaitMs } from './renewal-plan.ts';

const DAY_MS = 24 * 3_600_000;
const VALIDITY = { notBeforeMs: 100 * DAY_MS, notAfterMs: 130 * DAY_MS };

for (const [name, day, random01, waitDays] of [
  ['a fresh certificate is renewed after 20 of its 30 days', 100, 0, 20],
  ['boxes made together do not come together', 100, 1, 21.5],
  ['a box that was off waits for what is left', 115, 0, 5],
  ['a certificate past two thirds is renewed now', 121, 0, 0],
  ['an expired certificate is renewed now', 200, 0, 0],
  ['a clock in 1970 says nothing about its age: it is renewed now', 0, 0, 0],
] as const)
  test(name, () => {
    const waitMs = computeRenewalWaitMs(VALIDITY, day * DAY_MS, random01);
    assert.ok(Math.abs(waitMs - waitDays * DAY_MS) < 1);
  });
