import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Telemetry } from '../api/client.ts';
import { METRICS, readPoints } from './telemetry-metrics.ts';

const OLD: Telemetry = {
  tsMs: 1_000,
  windowSec: 0,
  uptimeSec: 60,
  cpu: { load01: 0.5, loadAvg1: 1 },
  gpu: [{ name: 'A2' }],
  temperatures: [{ zone: 'cpu', celsius: 50 }],
  memory: { totalBytes: 4e9, availableBytes: 2e9, agentRssBytes: 90e6 },
  disk: { totalBytes: 4e9, freeBytes: 2e9 },
  network: { rxBytesPerSec: 0, txBytesPerSec: 0 },
  throttled: false,
  clock: { synced: true },
  outbox: { rows: 0, bytes: 0, oldestSec: 0, dropped: 0 },
};

const metric = (name: string) => {
  const found = METRICS.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
};
const note = (name: string, change: Partial<Telemetry> = {}) => metric(name).note?.({ ...OLD, ...change });

test('what a box of an earlier release tells is shown as before', () => {
  assert.equal(note('Memory'), 'agent 90 MB · total 4.0 GB');
  assert.equal(note('Temperature', { throttled: true }), 'slowed down by heat or power');
  assert.equal(note('Disk'), '2.0 GB free');
  assert.equal(note('GPU'), 'A2');
  assert.equal(note('Outbox', { outbox: { ...OLD.outbox, dropped: 3 } }), '3 dropped: the outbox was full');
  assert.deepEqual(
    metric('Pressure').series.flatMap((series) => readPoints(series, [OLD])),
    [],
  );
});

test('the memory of each program is told, of several processes the sum', () => {
  const processes = [
    { name: 'agent', pid: 1, rssBytes: 90e6 },
    { name: 'ffmpeg', pid: 2, rssBytes: 30e6 },
    { name: 'ffmpeg', pid: 3, rssBytes: 20e6 },
  ];
  assert.equal(
    note('Memory', { memory: { ...OLD.memory, processes } }),
    'agent 90 MB, 2 ffmpeg 50 MB · total 4.0 GB',
  );
});

test('what slows a box down has its reasons', () => {
  const throttled = { throttled: true, throttleReasons: ['under_voltage', 'thermal_cooling'] };
  assert.equal(note('Temperature', throttled), 'slowed down by under voltage, thermal cooling');
});

test('pressure on memory is told beside that on the processor and the disk', () => {
  const pressure = { cpuSome10: 42, ioSome10: 3, memorySome10: 7.4 };
  const told = metric('Pressure').series.map((series) => series.read({ ...OLD, pressure }));
  assert.deepEqual(told, [42, 3]);
  assert.equal(note('Pressure', { pressure }), 'tasks that wait · for memory 7 %');
  assert.equal(note('Pressure', { pressure: { cpuSome10: 42 } }), 'tasks that wait');
});

test('a worn disk is an alarm, with what is written to it', () => {
  const { alarm } = metric('Disk');
  const worn = { ...OLD.disk, lifeUsed01: 0.9, writtenBytesPerDay: 1.5e9 };
  assert.equal(note('Disk', { disk: worn }), '2.0 GB free · 1.5 GB a day written · 90 % of its life over');
  assert.equal(alarm?.({ ...OLD, disk: worn }), true);
  assert.equal(alarm?.({ ...OLD, disk: { ...OLD.disk, endOfLife: 'urgent' } }), true);
  assert.equal(alarm?.({ ...OLD, disk: { ...OLD.disk, lifeUsed01: 0.2, endOfLife: 'normal' } }), false);
});

test('what was lost is told by what it was', () => {
  const outbox = { ...OLD.outbox, dropped: 5, droppedByStream: { event: 2, deployment: 0, telemetry: 3 } };
  assert.equal(note('Outbox', { outbox }), '5 dropped (2 event, 3 telemetry): the outbox was full');
});
