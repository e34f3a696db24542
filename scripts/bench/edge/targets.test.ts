import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFigures, judgeTargets, mean, median } from './targets.ts';

const FIGURES = [
  { subject: 'infer', what: 'ratio', value: 1.0312, target: 'inferInt8' },
  { subject: 'idle', what: 'cameras', value: 16, target: 'cameras360p' },
  { subject: 'pipeline', what: 'OpenCV', value: undefined, note: 'not installed', target: 'pipelineOpencv' },
  { subject: 'idle', what: 'for information', value: 3 },
] as const;

test('a target is met from its own side; what could not be measured is not met, and says why', () => {
  assert.deepEqual(judgeTargets(FIGURES), {
    inferInt8: { value: 1.031, target: 1.05, met: true },
    cameras360p: { value: 16, target: 20, met: false },
    pipelineOpencv: { value: null, target: 0.45, met: false, why: 'not installed' },
  });
});

test('the table has a line for each figure, and its note below it', () => {
  const lines = formatFigures(FIGURES).split('\n');
  assert.match(lines[0] ?? '', /^infer +ratio +1\.031 +met \(<= 1\.05\)$/);
  assert.match(lines[1] ?? '', /16 +MISSED \(>= 20\)$/);
  assert.match(lines[3] ?? '', /^ +\(not installed\)$/);
});

test('the median of an even number of values lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(mean([1, 2, 6]), 3);
});
