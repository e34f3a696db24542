import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseByteRange } from './byte-range.ts';

for (const [header, sizeBytes, expected] of [
  [undefined, 10, { kind: 'whole' }],
  ['bytes=0-0', 10, { kind: 'part', start: 0, end: 0 }],
  ['bytes=9-', 10, { kind: 'part', start: 9, end: 9 }],
  ['bytes=10-', 10, { kind: 'unsatisfiable' }],
  ['bytes=5-3', 10, { kind: 'whole' }],
  ['bytes=-20', 10, { kind: 'part', start: 0, end: 9 }],
  ['bytes=-0', 10, { kind: 'unsatisfiable' }],
  ['bytes=-', 10, { kind: 'whole' }],
  ['bytes=0-', 0, { kind: 'unsatisfiable' }],
  ['bytes=1-2, 4-5', 10, { kind: 'whole' }],
  ['bytes=99999999999999999999-', 10, { kind: 'unsatisfiable' }],
] as const)
  test(`Range "${header}" of ${sizeBytes} bytes`, () => {
    assert.deepEqual(parseByteRange(header, sizeBytes), expected);
  });
