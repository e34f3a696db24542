import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Capabilities, computeFitness } from './fitness.ts';

const BOX: Capabilities = { agentVersion: '0.3.1', arch: 'arm64', memoryBytes: 1000, diskFreeBytes: 500 };

test('a bundle without demands fits', () => {
  assert.deepEqual(computeFitness({ requires: {} }, BOX), { kind: 'fit' });
});

test('a bundle whose demands are just met fits', () => {
  const requires = { arch: ['x64', 'arm64'], agent: '>=0.3.1', ramBytes: 1000, diskBytes: 500 };
  assert.deepEqual(computeFitness({ requires }, BOX), { kind: 'fit' });
});

test('every demand that is not met is named', () => {
  const requires = { arch: ['x64'], agent: '>=1.0.0', ramBytes: 1001, diskBytes: 501 };
  assert.deepEqual(computeFitness({ requires }, BOX), {
    kind: 'unfit',
    reasons: [
      'needs agent >=1.0.0, this is 0.3.1',
      'needs x64, this is arm64',
      'needs 1001 bytes of memory, this has 1000',
      'needs 501 bytes of disk, 500 are free',
    ],
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
    const { kind } = computeFitness({ requires: { agent: range } }, BOX);
    assert.equal(kind, fits ? 'fit' : 'unfit');
  });
}
