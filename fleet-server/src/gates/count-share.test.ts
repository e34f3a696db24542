import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countShareE, lnGamma } from './count-share.ts';

// Paired discordances: Beta(1+b, 1+c) / Beta(1, 1) * 2^(b+c).
for (const [own, others, expected] of [
  [10, 0, 93.09],
  [9, 1, 9.309],
  [20, 5, 24.29],
  [40, 20, 4.509],
  [12, 12, 0.2482],
] as const) {
  test(`${own} against ${others} of equal exposure is an e-value of ${expected}`, () => {
    const e = countShareE({ own, others, expectedShare01: 0.5, concentration: 2 });
    assert.equal(Number(e.toPrecision(4)), expected);
  });
}

test('the logarithm of the gamma function has its known values', () => {
  for (const [x, expected] of [
    [1, 0],
    [0.5, 0.5723649429247001],
    [10, 12.801827480081469],
    [0.1, 2.252712651734206],
    [10_000, 82099.71749644238],
  ] as const) {
    assert.ok(Math.abs(lnGamma(x) - expected) <= 1e-10 * Math.max(1, Math.abs(expected)), `${x}`);
  }
});
