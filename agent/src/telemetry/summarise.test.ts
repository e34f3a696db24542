import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from './port.ts';
import { summarise } from './summarise.ts';

const SAMPLE: Sample = {
  tsMs: 1000,
  windowSec: 0,
  uptimeSec: 10,
  cpu: { load01: 0.25, loadAvg1: 1 },
  gpu: [],
  temperatures: [],
  memory: { totalBytes: 100, availableBytes: 50, agentRssBytes: 10 },
  disk: { totalBytes: 1000, freeBytes: 500 },
  network: { rxBytesPerSec: 10, txBytesPerSec: 2 },
  throttled: false,
  clock: { synced: false },
};

test('the summary of one sample is that sample, with its window', () => {
  assert.deepEqual(summarise([SAMPLE], 60), { ...SAMPLE, windowSec: 60 });
});

test('what varies is averaged, what counts or stands still is the latest', () => {
  const later: Sample = {
    ...SAMPLE,
    tsMs: 11_000,
    uptimeSec: 20,
    cpu: { load01: 0.75, loadAvg1: 3 },
    memory: { totalBytes: 100, availableBytes: 45, agentRssBytes: 13 },
    disk: { totalBytes: 1000, freeBytes: 400 },
    network: { rxBytesPerSec: 30, txBytesPerSec: 4 },
    clock: { synced: true },
  };
  assert.deepEqual(summarise([SAMPLE, later], 20), {
    ...later,
    windowSec: 20,
    cpu: { load01: 0.5, loadAvg1: 2 },
    memory: { totalBytes: 100, availableBytes: 48, agentRssBytes: 12 },
    network: { rxBytesPerSec: 20, txBytesPerSec: 3 },
  });
});

test('when it was throttled for a moment, the whole window is', () => {
  assert.equal(summarise([SAMPLE, { ...SAMPLE, throttled: true }, SAMPLE], 60).throttled, true);
});

test('when only some samples have a reading, it is the mean of those', () => {
  const withPressure = { ...SAMPLE, cpu: { ...SAMPLE.cpu, pressureSome10: 4 } };
  assert.equal(summarise([withPressure, SAMPLE], 60).cpu.pressureSome10, 4);
});

test('each zone and each card has its own mean, also when two have one name', () => {
  const heat = (a: number, b: number) => [
    { zone: 'acpitz', celsius: a },
    { zone: 'acpitz', celsius: b },
  ];
  const cards = (a: number, b: number) => [
    { name: 'A2', load01: a, memoryUsedBytes: 100 },
    { name: 'A2', load01: b },
  ];
  const summary = summarise(
    [
      { ...SAMPLE, temperatures: heat(40, 60), gpu: cards(0, 0.5) },
      { ...SAMPLE, temperatures: heat(50, 80), gpu: cards(0.5, 1) },
    ],
    60,
  );
  assert.deepEqual(summary.temperatures, heat(45, 70));
  assert.deepEqual(summary.gpu, cards(0.25, 0.75));
});

test('every reason to be slow of the window is told once, and what was since boot as it is at the end', () => {
  const held = (now: readonly string[], before: readonly string[]): Sample => ({
    ...SAMPLE,
    throttled: now.length > 0,
    throttleReasons: [...now],
    throttleReasonsSinceBoot: [...before],
  });
  const { throttled, throttleReasons, throttleReasonsSinceBoot } = summarise(
    [held(['core_heat'], []), held(['under_voltage', 'core_heat'], []), held([], ['throttled'])],
    60,
  );
  assert.equal(throttled, true);
  assert.deepEqual(throttleReasons, ['core_heat', 'under_voltage']);
  assert.deepEqual(throttleReasonsSinceBoot, ['throttled']);
});

test('pressure and what is written are means of the samples that have them', () => {
  const summary = summarise(
    [
      {
        ...SAMPLE,
        pressure: { cpuSome10: 2, ioSome10: 5 },
        disk: { ...SAMPLE.disk, writtenBytesPerDay: 10 },
      },
      {
        ...SAMPLE,
        pressure: { cpuSome10: 4 },
        disk: { ...SAMPLE.disk, writtenBytesPerDay: 30, name: 'sda' },
      },
      SAMPLE,
      { ...SAMPLE, disk: { ...SAMPLE.disk, agentWrittenBytesPerDay: 7, name: 'sda' } },
    ],
    60,
  );
  assert.deepEqual(summary.pressure, { cpuSome10: 3, ioSome10: 5 });
  assert.deepEqual(summary.disk, {
    ...SAMPLE.disk,
    name: 'sda',
    writtenBytesPerDay: 20,
    agentWrittenBytesPerDay: 7,
  });
});
