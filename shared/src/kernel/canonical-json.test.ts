import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';

const CASES: readonly (readonly [name: string, value: unknown, text: string])[] = [
  [
    'keys are sorted by UTF-16 code units',
    { '\u20ac': 1, '\r': 2, '1': 3, '\u0080': 4, '\u00f6': 5 },
    '{"\\r":2,"1":3,"\u0080":4,"\u00f6":5,"\u20ac":1}',
  ],
  [
    'numbers are written as ECMAScript writes them',
    [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0],
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
  ],
  [
    'nested values keep the order of arrays',
    { b: [3, { d: null, c: true }], a: 'x' },
    '{"a":"x","b":[3,{"c":true,"d":null}]}',
  ],
  ['absent members are left out', { a: undefined, b: 1 }, '{"b":1}'],
];

for (const [name, value, text] of CASES) {
  test(name, () => assert.equal(canonicalJson(value), text));
}

test('what JSON cannot hold is refused', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1, [undefined], 1n]) {
    assert.throws(() => canonicalJson(value), TypeError);
  }
});
