import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeAwake01, parseGpuLine, parseJetsonLoad01 } from './gpu-parse.ts';

const GPU_LINES = [
  [
    '0, NVIDIA A2, 35, 1234, 55, 1200, 1770',
    {
      index: 0,
      reading: {
        name: 'NVIDIA A2',
        load01: 0.35,
        memoryUsedBytes: 1234 * 1024 * 1024,
        celsius: 55,
        frequencyMhz: 1200,
        maxFrequencyMhz: 1770,
      },
    },
  ],
  [
    '1, Orin (nvgpu), [N/A], [Not Supported], [N/A], [N/A], [N/A]',
    { index: 1, reading: { name: 'Orin (nvgpu)' } },
  ],
  ['NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.', undefined],
  ['', undefined],
  ['x, A, 1, 2, 3, 4, 5', undefined],
  ['0, A, 1, 2, 3', undefined],
] as const;
for (const [line, expected] of GPU_LINES) {
  test(`graphics card line ${JSON.stringify(line)}`, () => assert.deepEqual(parseGpuLine(line), expected));
}

const JETSON = [
  ['0\n', 0],
  ['457', 0.457],
  ['1000\n', 1],
  ['1003', 1],
  ['', undefined],
  ['12@600000000Hz', undefined],
  ['-1', undefined],
] as const;
for (const [text, load01] of JETSON) {
  test(`a Jetson whose load is ${JSON.stringify(text)} works ${load01}`, () =>
    assert.equal(parseJetsonLoad01(text), load01));
}

const AWAKE = [
  ['it slept all the time', { sleptMs: 1000, atMs: 0 }, { sleptMs: 6000, atMs: 5000 }, 0],
  ['it slept a fifth of it', { sleptMs: 1000, atMs: 0 }, { sleptMs: 2000, atMs: 5000 }, 0.8],
  ['it did not sleep', { sleptMs: 1000, atMs: 0 }, { sleptMs: 1000, atMs: 5000 }, 1],
  ['it slept a little longer than passed', { sleptMs: 0, atMs: 0 }, { sleptMs: 5010, atMs: 5000 }, 0],
  ['it cannot sleep', { sleptMs: 0, atMs: 0 }, { sleptMs: 0, atMs: 5000 }, undefined],
  ['its counter began anew', { sleptMs: 900, atMs: 0 }, { sleptMs: 1, atMs: 5000 }, undefined],
  ['no time passed', { sleptMs: 1, atMs: 5 }, { sleptMs: 2, atMs: 5 }, undefined],
  ['it was never read before', undefined, { sleptMs: 2, atMs: 5 }, undefined],
] as const;
for (const [name, before, after, awake01] of AWAKE) {
  test(`graphics: when ${name}, it was awake ${awake01}`, () =>
    assert.equal(computeAwake01(before, after), awake01));
}
