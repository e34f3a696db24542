import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../support/random.ts';
import { computeTrend, isWithinNoise } from './trend.ts';

const MB = 1024 * 1024;

/** Half an hour of a process whose memory grows so, and sways by `sway` megabytes. */
function readingsOf(growthMbPerMin: number, sway: number, seed: number) {
  const random = createRandom(seed);
  return Array.from({ length: 900 }, (_, index) => {
    const atMin = index / 30;
    return { atMin, value: (120 + growthMbPerMin * atMin + sway * (random() - 0.5)) * MB };
  });
}

test('a process that only sways is within noise', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const trend = computeTrend(readingsOf(0, 30, seed));
    assert.ok(isWithinNoise(trend, MB), JSON.stringify(trend));
    assert.ok(trend.low < trend.slope && trend.slope < trend.high);
  }
});

test('a leak of half a megabyte a minute is seen through the swaying', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const trend = computeTrend(readingsOf(0.5, 30, seed));
    assert.equal(isWithinNoise(trend, MB), false, JSON.stringify(trend));
  }
});

test('about 95 of 100 intervals hold the true slope', () => {
  const trends = Array.from({ length: 100 }, (_, seed) => computeTrend(readingsOf(0.5, 30, seed)));
  const right = trends.filter(({ low, high }) => low < 0.5 * MB && 0.5 * MB < high);
  assert.ok(right.length >= 88, `${right.length} of 100`);
});

test('growth while the process warms up is not held against it', () => {
  const warming = readingsOf(0, 5, 7).map(({ atMin, value }) => ({
    atMin,
    value: value - 60 * MB * Math.max(0, 1 - atMin / 4),
  }));
  assert.ok(isWithinNoise(computeTrend(warming), MB));
});

test('one file descriptor that is lost every two minutes is seen', () => {
  const readings = Array.from({ length: 900 }, (_, index) => ({
    atMin: index / 30,
    value: 40 + Math.floor(index / 60) + (index % 3),
  }));
  assert.equal(isWithinNoise(computeTrend(readings), 2), false);
});
