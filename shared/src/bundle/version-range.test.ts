import assert from 'node:assert/strict';
import { test } from 'node:test';
import { satisfies } from './version-range.ts';

const RANGES: readonly (readonly [range: string, isSatisfied: boolean])[] = [
  ['0.3.1', true],
  ['0.4', false],
  ['>=0.3 <0.4', true],
  ['>=0.3 <0.3.1', false],
  ['v0.3', true],
  ['the newest', false],
  ['', false],
];
for (const [range, isSatisfied] of RANGES)
  test(`0.3.1 ${isSatisfied ? 'satisfies' : 'does not satisfy'} "${range}"`, () =>
    assert.equal(satisfies('0.3.1', range), isSatisfied));

test('a version that cannot be read satisfies nothing', () =>
  assert.equal(satisfies('newest', '0.1'), false));
