import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSeconds, parseMinutes, parseSeconds } from './rollout-durations.ts';

test('a duration is a number with its unit, or several of them', () => {
  const cases = [
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['1h30m', 5400],
    ['14d', 1_209_600],
    ['0s', 0],
  ] as const;
  for (const [text, seconds] of cases) assert.equal(parseSeconds(text, '--soak'), seconds);
  assert.equal(parseMinutes('2h', '--timeout'), 120);
});

test('what is no duration is refused, and named', () => {
  for (const text of ['', '10', 'm', '10 m', '-5m', '1.5h', '10min', '10m!'])
    assert.throws(() => parseSeconds(text, '--soak'), { code: 'USAGE', message: /--soak/ });
  assert.throws(() => parseMinutes('90s', '--timeout'), { code: 'USAGE', message: /whole minutes/ });
});

test('a duration is written as it is read', () => {
  for (const text of ['0s', '90s', '10m', '1h30m', '14d', '1d2h3m4s'])
    assert.equal(parseSeconds(formatSeconds(parseSeconds(text, '')), ''), parseSeconds(text, ''));
  assert.equal(formatSeconds(5400), '1h30m');
});
