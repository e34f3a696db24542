import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../port.ts';
import { toHintPoint } from './hint-point.ts';

const SUMMARY: Sample = {
  tsMs: 1000,
  windowSec: 60,
  uptimeSec: 500,
  cpu: { load01: 0.25, loadAvg1: 1 },
  gpu: [],
  temperatures: [{ zone: 'cpu', celsius: 50 }],
  memory: { totalBytes: 100, availableBytes: 50, agentRssBytes: 10 },
  disk: { totalBytes: 1000, freeBytes: 500, writtenBytesPerDay: 1440 },
  network: { rxBytesPerSec: 10, txBytesPerSec: 2 },
  throttled: false,
  clock: { synced: false },
};
const INFERENCE = { digest: 'd'.repeat(64), framesCaptured: 270, framesClassified: 200, framesFailed: 0 };

test('a point has what was written in its window, and the memory of all processes', () => {
  const processes = [
    { name: 'agent', pid: 1, rssBytes: 10 },
    { name: 'ffmpeg', pid: 2, rssBytes: 7 },
  ];
  const point = toHintPoint({ ...SUMMARY, memory: { ...SUMMARY.memory, processes } }, undefined, undefined);
  assert.deepEqual(point, {
    atSec: 500,
    temperatures: SUMMARY.temperatures,
    disk: SUMMARY.disk,
    writtenBytes: 1,
    availableBytes: 50,
    agentBytes: 17,
    isUnderVoltage: false,
  });
  assert.equal(toHintPoint(SUMMARY, undefined, undefined).agentBytes, 10);
});

test('frames are a share of those the cameras are set to', () => {
  assert.deepEqual(toHintPoint(SUMMARY, { ...INFERENCE, inferP95Ms: 20 }, 5).pace, {
    digest: INFERENCE.digest,
    captured01: 0.9,
    isBusy: true,
    inferP95Ms: 20,
  });
  assert.deepEqual(toHintPoint(SUMMARY, { ...INFERENCE, framesClassified: 100 }, undefined).pace, {
    digest: INFERENCE.digest,
    isBusy: false,
  });
  assert.equal(
    toHintPoint(SUMMARY, { ...INFERENCE, framesCaptured: 0, framesClassified: 0 }, 5).pace?.isBusy,
    false,
  );
});

test('a window in which frames were left out on purpose does not tell how many the cameras deliver', () => {
  const busy = (framesDue: number): boolean | undefined =>
    toHintPoint(SUMMARY, { ...INFERENCE, framesDue }, 5).pace?.isBusy;
  assert.deepEqual([busy(270), busy(540), busy(200), busy(12)], [true, true, false, false]);
});

test('a window in which the voltage was too low is marked', () => {
  const isUnderVoltage = (reasons: readonly string[]) =>
    toHintPoint({ ...SUMMARY, throttleReasons: [...reasons] }, undefined, undefined).isUnderVoltage;
  assert.equal(isUnderVoltage(['core_heat', 'under_voltage']), true);
  assert.equal(isUnderVoltage(['over_current']), false);
});
