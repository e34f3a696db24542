import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeRemainingMs } from './command-deadline.ts';

const DAY_MS = 86_400_000;
const ORDER = { issuedAtMs: 1_000_000, expiresMs: 1_060_000 };

const CASES = [
  ['a clock in step: what is left of it', true, 1_020_000, 45_000],
  ['a clock in step: never longer than the server gave it', true, 900_000, 60_000],
  ['a clock in step, past the end', true, 1_065_000, 0],
  ['a clock in step, long past', true, 1_060_000 + DAY_MS, 5_000 - DAY_MS],
  ['a clock nobody trusts, a day ahead: all of it', false, 1_000_000 + DAY_MS, 60_000],
  ['a clock nobody trusts, at 1970: all of it', false, 0, 60_000],
] as const;
for (const [name, isSynced, wallMs, expected] of CASES)
  test(name, () => assert.equal(computeRemainingMs(ORDER, { wallMs, isSynced }), expected));

test('no command lives longer than a week, whatever it says', () => {
  const forEver = { issuedAtMs: 0, expiresMs: 8e15 };
  assert.equal(computeRemainingMs(forEver, { wallMs: 0, isSynced: false }), 7 * DAY_MS);
});

test('one that was over when it was signed is over', () => {
  const over = { issuedAtMs: 2_000, expiresMs: 1_000 };
  assert.ok(computeRemainingMs(over, { wallMs: 0, isSynced: false }) <= 0);
});
