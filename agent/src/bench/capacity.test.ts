import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLeastCpu, computeCameras, findCarried, planNextRun } from './capacity.ts';
import type { BenchedTrial, CameraRun } from './port.ts';

const COSTS: readonly (readonly [string, Parameters<typeof computeCameras>[0], number])[] = [
  ['small streams', { cores: 2, fps: 5, decode01: 0.03, inferSec: 0.005 }, 29],
  ['large streams', { cores: 2, fps: 5, decode01: 0.2, inferSec: 0.005 }, 8],
  [
    'a heavy model, whose runs come one after the other',
    { cores: 8, fps: 5, decode01: 0.01, inferSec: 0.05 },
    4,
  ],
  ['nothing that fits', { cores: 1, fps: 30, decode01: 0.9, inferSec: 0.05 }, 0],
];
for (const [name, cost, expected] of COSTS) {
  test(`the processor has room for ${expected} cameras with ${name}`, () =>
    assert.equal(computeCameras(cost), expected));
}

/** Plays the search against a box that carries `limit` cameras. */
function search(limit: number, computed: number, maxRuns = 10): readonly number[] {
  const runs: CameraRun[] = [];
  for (;;) {
    const cameras = planNextRun(runs, computed, maxRuns);
    if (cameras === undefined) return runs.map((run) => run.cameras);
    runs.push({ cameras, lost01: cameras > limit ? 0.2 : 0, silent: 0 });
  }
}

test('the search begins at what was computed and ends between two counts next to each other', () => {
  assert.deepEqual(search(8, 8), [8, 10, 9]);
  assert.deepEqual(search(5, 8), [8, 4, 6, 5]);
  assert.deepEqual(search(0, 1), [1]);
  assert.deepEqual(search(0, 0), [1]);
  assert.deepEqual(search(64, 60), [60, 64]);
  assert.deepEqual(search(40, 32, 2), [32, 39]);
  assert.deepEqual(search(1, 40, 2), [40, 20, 10, 5, 2, 1]);
});

test('a camera of which nothing came is not carried, whatever the others gave', () => {
  assert.equal(findCarried([{ cameras: 4, lost01: 0, silent: 1 }]), 0);
  assert.equal(
    findCarried([
      { cameras: 4, lost01: 0.001, silent: 0 },
      { cameras: 6, lost01: 0.3, silent: 0 },
    ]),
    4,
  );
});

test('what takes the least CPU is chosen, not what is fastest; what is slower than the camera is not', () => {
  const trial = (variant: string, threads: number, p50: number, p95 = p50): BenchedTrial => ({
    ...{ variant, threads, outcome: 'passed', inferMs: { p50, p95 } },
  });
  const trials = [trial('int8', 1, 5), trial('int8', 2, 3), trial('small', 1, 2, 300)];
  assert.deepEqual(chooseLeastCpu(trials, 5), trials[0]);
  assert.equal(chooseLeastCpu([{ variant: 'a', threads: 1, outcome: 'failed' }], 5), undefined);
});
