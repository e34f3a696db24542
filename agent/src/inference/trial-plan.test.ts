import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Variant } from '@watchpost/shared/bundle/manifest.ts';
import { computeRuns, planTrials, type TrialBox } from './trial-plan.ts';

const fp32: Variant = { name: 'fp32', runtime: 'onnx', precision: 'fp32', file: 'a.onnx', cpuFeatures: [] };
const vnni: Variant = { ...fp32, name: 'u8s8', precision: 'int8', cpuFeatures: ['avx512_vnni'] };
const tfjs: Variant = { ...fp32, name: 'tfjs', runtime: 'tfjs' };

const box = (change: Partial<TrialBox> = {}): TrialBox => ({
  cores: 4,
  cpuFeatures: new Set(['avx2']),
  hasRuntime: () => true,
  ...change,
});

for (const [name, variants, at, expected] of [
  ['one, two and four threads are tried where there are cores', [fp32], {}, ['fp32 1', 'fp32 2', 'fp32 4']],
  ['two cores are worth two threads', [fp32], { cores: 2 }, ['fp32 1', 'fp32 2']],
  ['three cores are worth two threads', [fp32], { cores: 3 }, ['fp32 1', 'fp32 2']],
  ['sixteen cores are worth four threads', [fp32], { cores: 16 }, ['fp32 1', 'fp32 2', 'fp32 4']],
  ['a number of threads that is configured is the only one', [fp32], { threads: 3 }, ['fp32 3']],
  [
    'variants come in the order of the manifest, what the processor lacks is named',
    [vnni, fp32],
    { cores: 1 },
    ['u8s8 1 the processor lacks avx512_vnni', 'fp32 1'],
  ],
  ['where features are not known, the run decides', [vnni], { cores: 1, cpuFeatures: undefined }, ['u8s8 1']],
  ['a runtime that chooses its threads itself is tried once', [tfjs], {}, ['tfjs 1']],
  [
    'what else can run models is tried with the fewest threads',
    [fp32, tfjs],
    { cores: 2, providers: ['cuda', 'openvino'] },
    ['fp32 1', 'fp32 2', 'fp32 1 cuda', 'fp32 1 openvino', 'tfjs 1'],
  ],
  [
    'a runtime that is not installed is named',
    [tfjs, fp32],
    { threads: 2, hasRuntime: (runtime: string) => runtime === 'onnx' },
    ['tfjs 2 the runtime tfjs is not installed', 'fp32 2'],
  ],
] as const)
  test(name, () => {
    const trials = planTrials(variants, box(at));
    assert.deepEqual(
      trials.map(({ variant, threads, provider, unfit }) =>
        [variant.name, threads, provider, unfit].filter(Boolean).join(' '),
      ),
      expected,
    );
  });

test('no more trials are planned than findings may list', () => {
  assert.equal(planTrials(Array(100).fill(fp32), box()).length, 64);
});

for (const [runMs, runs] of [
  [0, 100],
  [5, 100],
  [200, 100],
  [250, 80],
  [1_000, 20],
  [2_000, 10],
  [60_000, 10],
] as const)
  test(`a run of ${runMs} ms is measured ${runs} times`, () => assert.equal(computeRuns(runMs), runs));
