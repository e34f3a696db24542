import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixtureE, normalOf } from './normal-mixture.ts';

const isNear = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);

// Where the e-value is 1/alpha is the confidence sequence of Waudby-Smith et al., eq. 9, with V = sigma^2/n, tau = sigma rho.
for (const [sigma, n, planned, alpha] of [
  [1, 100, 100, 0.05],
  [2, 1000, 100, 0.05],
  [0.3, 50, 5000, 0.01],
] as const) {
  test(`the e-value of ${n} observations is 1/alpha where their confidence sequence ends`, () => {
    const rho = Math.sqrt((-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / planned);
    const a = n * rho ** 2 + 1;
    const difference = sigma * Math.sqrt((2 * a * Math.log(Math.sqrt(a) / alpha)) / (n * rho) ** 2);
    isNear(mixtureE({ difference, variance: sigma ** 2 / n, scale: sigma * rho }), 1 / alpha, 1e-9);
  });
}

test('no difference is evidence of none, the more of it the smaller the variance', () => {
  isNear(mixtureE({ difference: 0, variance: 1, scale: 1 }), Math.SQRT1_2, 1e-12);
  isNear(mixtureE({ difference: 0, variance: 0.01, scale: 1 }), 0.0995037, 1e-6);
});

// Points of the two-sided 5 % and 0.1 % tails of Student's t, whose normal deviates are 1.959964 and 3.290527.
for (const [freedom, t5, t01] of [
  [5, 2.5706, 6.8688],
  [10, 2.2281, 4.5869],
  [19, 2.093, 3.8834],
  [198, 1.972, 3.3402],
] as const) {
  test(`with ${freedom} degrees of freedom a t has the normal deviate of its tail`, () => {
    isNear(normalOf(t5, freedom), 1.959964, 0.01);
    isNear(normalOf(-t01, freedom), -3.290527, 0.05);
  });
}

test('with few degrees of freedom the deviate errs on the safe side, with none there is none', () => {
  assert.ok(normalOf(12.706, 1) < 1.96 && normalOf(12.706, 1) > 1.8);
  assert.equal(normalOf(100, 0), 0);
});
