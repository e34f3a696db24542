import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAgo, formatBytes, formatDuration, formatElapsed, formatMs, formatPercent } from './format.ts';

test('a duration is given in the largest unit that fits', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [47 * 3_600_000, '47 h'],
    [48 * 3_600_000, '2 d'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});

test('what happened within two seconds, or ahead of this clock, is now', () => {
  assert.equal(formatAgo(1999), 'now');
  assert.equal(formatAgo(-60_000), 'now');
  assert.equal(formatAgo(2000), '2 s ago');
});

test('bytes keep at most three digits', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_960, '10 kB'],
    [999_600, '1.0 MB'],
    [34_200_000, '34 MB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('nearly all is not given as all', () => {
  assert.equal(formatPercent(0.9999), '99 %');
  assert.equal(formatPercent(1), '100 %');
  assert.equal(formatPercent(0.004), '0 %');
});

test('a measured time has the digits that tell', () => {
  assert.deepEqual([0, 3.24, 840.4, 12_450].map(formatMs), ['0.0 ms', '3.2 ms', '840 ms', '12.5 s']);
  assert.deepEqual([-5, 999, 61_000].map(formatElapsed), ['< 1 s', '< 1 s', '1 min']);
});
