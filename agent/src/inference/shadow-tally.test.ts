import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProblemFinder } from '@watchpost/shared/kernel/parse.ts';
import { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Prediction } from './port.ts';
import { comparePredictions, computeShadowFindings, type ShadowPair } from './shadow-tally.ts';

const predicts = (label: string, probability = 0.8, inferMs = 10): Prediction => ({
  label,
  labelIndex: 0,
  probability,
  probabilities: [probability, 1 - probability],
  inferMs,
});
const pair = (champion: string, challenger: string): ShadowPair =>
  comparePredictions(predicts(champion), predicts(challenger));
const findingsOf = (pairs: readonly ShadowPair[]) =>
  computeShadowFindings({ pairs, errors: 0, windowMs: 10_000, busyMs: 2_000 });
const findProblems = createProblemFinder(DeploymentFindings);

test('without a frame there is neither agreement nor latency', () => {
  const findings = computeShadowFindings({ pairs: [], errors: 3, windowMs: 0, busyMs: 0 });
  assert.deepEqual(findings, {
    kind: 'shadow',
    frames: 0,
    windowSec: 0,
    disagreements: [],
    errors: 3,
    busy01: 0,
  });
  assert.deepEqual(findProblems(findings), []);
});

for (const [name, pairs, agreement01, disagreements] of [
  ['two that always agree', [pair('cat', 'cat'), pair('dog', 'dog')], 1, []],
  [
    'the most frequent disagreement comes first',
    [pair('cat', 'dog'), pair('dog', 'cat'), pair('dog', 'cat'), pair('cat', 'cat')],
    0.25,
    [
      { champion: 'dog', challenger: 'cat', frames: 2 },
      { champion: 'cat', challenger: 'dog', frames: 1 },
    ],
  ],
  [
    'labels that only one of them has',
    [pair('cat', 'tabby')],
    0,
    [{ champion: 'cat', challenger: 'tabby', frames: 1 }],
  ],
] as const)
  test(name, () => {
    const findings = findingsOf(pairs);
    assert.equal(findings.agreement01, agreement01);
    assert.deepEqual(findings.disagreements, disagreements);
    assert.deepEqual(findProblems(findings), []);
  });

test('no more than twenty disagreements are listed', () => {
  const findings = findingsOf(Array.from({ length: 30 }, (_, index) => pair('cat', `breed ${index}`)));
  assert.equal(findings.disagreements.length, 20);
  assert.equal(findings.frames, 30);
});

test('latencies are each their own, and confidence shifts by the mean of the differences', () => {
  const findings = findingsOf([
    comparePredictions(predicts('cat', 0.9, 10), predicts('cat', 0.7, 4)),
    comparePredictions(predicts('cat', 0.5, 20), predicts('dog', 0.6, 6)),
  ]);
  assert.deepEqual(findings.championMs, { p50: 10, p95: 20 });
  assert.deepEqual(findings.challengerMs, { p50: 4, p95: 6 });
  assert.equal(findings.confidenceShift, -0.05);
});

test('time is told as the window and the share of it', () => {
  assert.equal(findingsOf([]).windowSec, 10);
  assert.equal(findingsOf([]).busy01, 0.2);
  const overrun = computeShadowFindings({ pairs: [], errors: 0, windowMs: 10, busyMs: 11 });
  assert.equal(overrun.busy01, 1);
});
