import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeMedian, computeTrend } from './robust-trend.ts';

const line = (count: number, at: (x: number) => number) =>
  Array.from({ length: count }, (_, x) => ({ x, y: at(x) }));

test('the median is the middle, or the mean of the middle two', () => {
  assert.equal(computeMedian([9, 1, 5]), 5);
  assert.equal(computeMedian([9, 1, 5, 7]), 6);
  assert.equal(computeMedian([]), undefined);
});

test('a straight line has its slope, and goes all one way', () => {
  assert.deepEqual(computeTrend(line(10, (x) => 3 - 2 * x)), { slope: -2, tau: -1 });
  assert.deepEqual(computeTrend(line(10, () => 4)), { slope: 0, tau: 0 });
});

test('a quarter of wild readings does not bend it', () => {
  const wild = computeTrend(line(40, (x) => (x % 4 === 3 ? 500 : 10 + x)));
  assert.ok(wild !== undefined && Math.abs(wild.slope - 1) < 0.1, JSON.stringify(wild));
});

test('what only goes up and down has no direction', () => {
  const noise = computeTrend(line(40, (x) => (x % 2 === 0 ? 10 : 12)));
  assert.ok(noise !== undefined && Math.abs(noise.tau) < 0.1);
  assert.equal(noise.slope, 0);
});

test('many points are as good as few', () => {
  const many = computeTrend(line(2000, (x) => 5 * x));
  assert.ok(many !== undefined && Math.abs(many.slope - 5) < 1e-9);
  assert.equal(many.tau, 1);
});

test('too few points, or all at one moment, have no trend', () => {
  assert.equal(computeTrend(line(2, (x) => x)), undefined);
  assert.equal(computeTrend([1, 2, 3].map((y) => ({ x: 1, y }))), undefined);
});

test('where points lie dense, they do not count more', () => {
  // A saw whose last tooth is looked at sixty times as often.
  const saw = line(480, (x) => -(x % 120)).filter(({ x }) => x % 12 === 0 || x >= 432);
  const trend = computeTrend(saw);
  assert.ok(trend !== undefined && Math.abs(trend.tau) < 0.3, JSON.stringify(trend));
});
