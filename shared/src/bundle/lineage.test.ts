import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLineageProblems } from './lineage.ts';

test('known keys are checked, others may stand beside them', () => {
  const sound = {
    codeCommit: '0eb459c',
    dataVersion: '2026-10',
    dataDigest: 'a'.repeat(64),
    trainingRun: 'run-17',
    parameters: { seed: 1 },
    metrics: { accuracy: 0.97 },
    parent: 'pet-park@1.0.0',
    weather: 'rain',
  };
  assert.deepEqual(findLineageProblems(sound), []);
  assert.deepEqual(findLineageProblems({}), []);
});

for (const [key, value] of [
  ['codeCommit', 'HEAD'],
  ['dataDigest', 'abc'],
  ['metrics', { accuracy: 'good' }],
  ['parent', 'pet-park'],
] as const)
  test(`${key} ${JSON.stringify(value)} is named as wrong`, () => {
    assert.match(findLineageProblems({ [key]: value })[0]?.path ?? '', new RegExp(`^/${key}`));
  });
