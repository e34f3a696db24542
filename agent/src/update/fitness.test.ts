import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { type Capabilities, computeFitness } from './fitness.ts';

const BOX: Capabilities = {
  ...{ agentVersion: '0.3.1', arch: 'arm64', memoryBytes: 1000, diskFreeBytes: 500 },
  cpuFeatures: new Set(['asimd', 'asimddp']),
};
const variant = (...cpuFeatures: readonly string[]): Manifest['variants'][number] => ({
  ...{ name: 'fp32', runtime: 'onnx', precision: 'fp32', file: 'model.onnx' },
  cpuFeatures: [...cpuFeatures],
});
const variants = [variant()];

test('a bundle without demands fits', () => {
  assert.deepEqual(computeFitness({ requires: {}, variants }, BOX), { kind: 'fit' });
});

test('a bundle whose demands are just met fits', () => {
  const requires = { arch: ['x64', 'arm64'], agent: '>=0.3.1', ramBytes: 1000, diskBytes: 500 };
  assert.deepEqual(computeFitness({ requires, variants }, BOX), { kind: 'fit' });
});

test('every demand that is not met is named', () => {
  const requires = { arch: ['x64'], agent: '>=1.0.0', ramBytes: 1001, diskBytes: 501 };
  assert.deepEqual(computeFitness({ requires, variants }, BOX), {
    kind: 'unfit',
    reasons: [
      'needs agent >=1.0.0, this is 0.3.1',
      'needs x64, this is arm64',
      'needs 1001 bytes of memory, this has 1000',
      'needs 501 bytes of disk, 500 are free',
    ],
  });
});

test('a bundle fits when the processor can run one of its variants, or does not say what it can', () => {
  const judge = (given: readonly Manifest['variants'][number][], box = BOX) =>
    computeFitness({ requires: {}, variants: [...given] }, box);
  assert.equal(judge([variant('avx2'), variant('dotprod')]).kind, 'fit');
  assert.equal(judge([variant('avx2')], { ...BOX, cpuFeatures: undefined }).kind, 'fit');
  assert.deepEqual(judge([variant('avx2'), variant('avx2', 'i8mm')]), {
    kind: 'unfit',
    reasons: ['every variant needs what this processor lacks: avx2, i8mm'],
  });
});

const RANGES: readonly (readonly [range: string, fits: boolean])[] = [
  ['0.3.1', true],
  ['0.2', true],
  ['0.4', false],
  ['0.10.0', false],
  ['>0.3.1', false],
  ['>=0.3 <0.4', true],
  ['>=0.3 <0.3.1', false],
  ['<=0.3.1', true],
  ['=0.3.1', true],
  ['=0.3.0', false],
  ['<1', true],
  ['the newest', false],
];
for (const [range, fits] of RANGES) {
  test(`agent 0.3.1 ${fits ? 'satisfies' : 'does not satisfy'} "${range}"`, () => {
    const { kind } = computeFitness({ requires: { agent: range }, variants }, BOX);
    assert.equal(kind, fits ? 'fit' : 'unfit');
  });
}
