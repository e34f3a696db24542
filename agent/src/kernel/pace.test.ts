import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computePercentiles, createPaceMeter } from './pace.ts';

test('percentiles are of the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(computePercentiles(values), { p50: 50, p95: 95, p99: 99 });
  assert.deepEqual(computePercentiles([]), { p50: 0, p95: 0, p99: 0 });
  assert.deepEqual(computePercentiles([7]), { p50: 7, p95: 7, p99: 7 });
});

test('each window counts for itself, the total goes on', () => {
  const meter = createPaceMeter(0);
  for (let frame = 0; frame < 10; frame++) meter.add([5], 50);
  const first = meter.report(2_000, { captured: 12, skipped: 2, reconnects: 0 });
  meter.add([7], 70);
  const second = meter.report(3_000, { captured: 14, skipped: 3, reconnects: 1 });
  assert.deepEqual(
    [first?.processedFps, first?.capturedFps, first?.skippedFps, first?.processedTotal],
    [5, 6, 1, 10],
  );
  assert.deepEqual(
    [
      second?.processedFps,
      second?.capturedFps,
      second?.skippedFps,
      second?.processedTotal,
      second?.inferMs.p50,
    ],
    [1, 2, 1, 11, 7],
  );
});

test('a window of no length has no pace', () => {
  assert.equal(createPaceMeter(5).report(5, { captured: 0, skipped: 0, reconnects: 0 }), undefined);
});

test('a frame with three views is one frame and three runs of the model', () => {
  const meter = createPaceMeter(0);
  meter.add([5, 6, 7], 50);
  const pace = meter.report(1_000, { captured: 1, skipped: 0, reconnects: 0 });
  assert.deepEqual([pace?.processedFps, pace?.processedTotal, pace?.inferMs.p50], [1, 1, 6]);
});

test('frames that were left out are told apart, and each window counts for itself', () => {
  const meter = createPaceMeter(0);
  for (const why of ['gated', 'gated', 'gated', 'governed', 'governed', 'displaced'] as const)
    meter.leaveOut(why);
  const first = meter.report(1_000, { captured: 8, skipped: 1, reconnects: 0 });
  assert.deepEqual([first?.gatedFps, first?.governedFps, first?.skippedFps], [3, 2, 2]);
  const second = meter.report(2_000, { captured: 8, skipped: 1, reconnects: 0 });
  assert.deepEqual([second?.gatedFps, second?.governedFps, second?.skippedFps], [0, 0, 0]);
});
