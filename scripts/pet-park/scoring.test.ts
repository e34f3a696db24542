import assert from 'node:assert/strict';
import { test } from 'node:test';
import { likeliest, scoreOf } from './scoring.ts';

test('precision looks at the answers, recall at the truth', () => {
  const score = scoreOf([
    { truth: 0, answer: 0 },
    { truth: 0, answer: 1 },
    { truth: 1, answer: 1 },
    { truth: 2, answer: 2 },
  ]);
  assert.equal(score.accuracy, 0.75);
  assert.deepEqual(score.confusion, [
    [1, 1, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  assert.deepEqual(
    score.classes.map(({ label, precision, recall }) => [label, precision, recall]),
    [
      ['cat', 1, 0.5],
      ['dog', 0.5, 1],
      ['none', 1, 1],
    ],
  );
});

test('the likeliest label is the one with the largest probability', () => {
  assert.equal(likeliest([0.1, 0.7, 0.2]), 1);
});
