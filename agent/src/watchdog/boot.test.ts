import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeBoot, recordBoot } from './boot.ts';

const LIMITS = { crashes: 4, inAll: 8 };

const CASES: readonly (readonly [string, string, string, 'normal' | 'cautious'])[] = [
  ['it is the first start', '', 'a', 'normal'],
  ['three lives were short', 'aaa', 'a', 'normal'],
  ['four lives were short', 'aaaa', 'a', 'cautious'],
  ['four lives ended with the machine', 'abcd', 'e', 'normal'],
  ['eight lives ended with the machine', 'abcdefgh', 'i', 'cautious'],
  ['the last of four ended with the machine', 'aaaa', 'b', 'normal'],
  ['four crashed, and the machine was switched off and on in between', 'aabbb', 'b', 'cautious'],
];
for (const [name, lives, now, verdict] of CASES) {
  test(`when ${name}, the start is ${verdict}`, () =>
    assert.equal(judgeBoot([...lives], now, LIMITS), verdict));
}

test('the record does not grow for ever', () => {
  let lives: readonly string[] = [];
  for (let start = 0; start < 50; start += 1) lives = recordBoot(lives, 'a', LIMITS);
  assert.equal(lives.length, 8);
  assert.equal(judgeBoot(lives, 'a', LIMITS), 'cautious');
});
