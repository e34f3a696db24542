import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaPath, linePath, pointAt, splitAtGaps } from './sparkline-path.ts';

const frame = { fromMs: 0, toMs: 100, min: 0, max: 10 };
const points = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([atMs, value]) => ({ atMs, value }));

test('values are drawn by time, and one outside the frame stays on its edge', () => {
  assert.equal(linePath(points([0, 0], [50, 5], [100, 20]), frame), 'M0,100L50,50L100,0');
});

test('the area under a line is closed along the floor', () => {
  assert.equal(areaPath(points([0, 10], [100, 10]), frame), 'M0,0L100,0L100,100L0,100Z');
});

test('a silence is a gap, not a line', () => {
  const runs = splitAtGaps(points([0, 1], [5, 1], [10, 1], [60, 1], [65, 1]));
  assert.deepEqual(
    runs.map((run) => run.length),
    [3, 2],
  );
});

test('a lone sample, a flat frame and no sample at all are drawn without NaN', () => {
  assert.equal(linePath(points([7, 3]), { fromMs: 7, toMs: 7, min: 3, max: 3 }), 'M100,100h0');
  assert.deepEqual(splitAtGaps([]), []);
  assert.equal(areaPath([], frame), '');
});

test('the pointer finds the sample nearest in time', () => {
  assert.equal(pointAt(points([0, 1], [40, 2], [100, 3]), frame, 0.6)?.value, 2);
  assert.equal(pointAt([], frame, 0.5), undefined);
});
