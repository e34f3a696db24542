import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeProbabilities, findBest, isDistribution } from './probabilities.ts';

const rounded = (values: readonly number[] | undefined) => values?.map((value) => Number(value.toFixed(4)));

for (const [name, raw, activation, temperature, expected] of [
  ['logits go through softmax', [0, Math.log(3)], 'logits', 1, [0.25, 0.75]],
  ['huge logits do not overflow', [1000, 1000 + Math.log(3)], 'logits', 1, [0.25, 0.75]],
  ['a temperature of two flattens logits', [0, 2 * Math.log(3)], 'logits', 2, [0.25, 0.75]],
  ['probabilities stay', [0.25, 0.75], 'probabilities', 1, [0.25, 0.75]],
  ['rounded probabilities are made to sum to one', [0.2, 0.2, 0.4], 'probabilities', 1, [0.25, 0.25, 0.5]],
  ['a tiny negative probability is none', [-0.0001, 1], 'probabilities', 1, [0, 1]],
  ['a temperature of two flattens probabilities', [0.1, 0.9], 'probabilities', 2, [0.25, 0.75]],
  ['a temperature of a half sharpens logits', [0, Math.log(3)], 'logits', 0.5, [0.1, 0.9]],
  ['a temperature of a half sharpens probabilities', [0.25, 0.75], 'probabilities', 0.5, [0.1, 0.9]],
  ['a huge temperature leaves no preference', [-3, 0, 9], 'logits', 1e9, [0.3333, 0.3333, 0.3333]],
  ['a tiny temperature leaves the best alone', [8, 0, 9], 'logits', 1e-3, [0, 0, 1]],
  ['the order of the labels stays under a temperature', [3, 1, 2], 'logits', 4, [0.4192, 0.2543, 0.3265]],
  ['a temperature leaves a certain answer', [0, 1], 'probabilities', 2, [0, 1]],
] as const)
  test(name, () => {
    assert.deepEqual(rounded(computeProbabilities(raw, { activation, temperature })), expected);
  });

for (const [name, raw, activation] of [
  ['a value that is not a number', [Number.NaN, 1], 'logits'],
  ['an infinite value', [Number.POSITIVE_INFINITY, 1], 'probabilities'],
  ['logits called probabilities', [-4, 5], 'probabilities'],
  ['nothing but zeros', [0, 0], 'probabilities'],
  ['no value', [], 'logits'],
] as const)
  test(`${name} gives no probabilities`, () => {
    assert.equal(computeProbabilities(raw, { activation, temperature: 1 }), undefined);
  });

test('only what sums to one and is not negative is a distribution', () => {
  assert.equal(isDistribution([0.5, 0.49]), true);
  assert.equal(isDistribution([2, -1]), false);
  assert.equal(isDistribution([3, 4]), false);
  assert.equal(isDistribution([Number.NaN]), false);
});

test('the best is the first of the highest', () => {
  assert.equal(findBest([0.1, 0.4, 0.4, 0.1]), 1);
  assert.equal(findBest([0.7, 0.3]), 0);
});
