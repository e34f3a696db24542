import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFlowMeter } from './flow-meter.ts';

/** Frames each second while `flows`, from second 0; the quality at the last second. */
function qualityAfter(seconds: number, flows: (second: number) => boolean): number {
  const meter = createFlowMeter(0, 300_000);
  for (let second = 0; second < seconds; second += 1) if (flows(second)) meter.onFrame(second * 1000, 1_000);
  return meter.quality01(seconds * 1000);
}

const TABLE: readonly (readonly [string, number, (second: number) => boolean, number])[] = [
  ['no frame ever', 100, () => false, 0],
  ['frames all the time', 1000, () => true, 1],
  ['a camera that began late', 100, (second) => second >= 25, 0.75],
  ['an outage within the window', 600, (second) => second < 400 || second >= 460, 0.8],
  ['an outage that lasts', 400, (second) => second < 250, 0.5],
  ['an outage longer ago than the window', 1000, (second) => second < 100 || second > 200, 1],
  ['an outage that reaches into the window', 600, (second) => second < 200 || second >= 330, 0.9],
  ['nothing for the whole window', 1000, (second) => second < 600, 0],
];
for (const [name, seconds, flows, expected] of TABLE) {
  test(`${name}: quality ${expected}`, () => assert.equal(qualityAfter(seconds, flows), expected));
}

test('at the very start the quality is 0', () => {
  assert.equal(createFlowMeter(50).quality01(50), 0);
});

test('a frame that is followed by none for longer, as keyframes are, flows as long as it says', () => {
  const meter = createFlowMeter(0);
  for (const second of [0, 5, 10, 15]) meter.onFrame(second * 1000, 6_000);
  assert.equal(meter.quality01(20_000), 1);
  assert.equal(meter.quality01(42_000), 0.5);
});
