import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHealth } from './health-text.ts';

const WELL = {
  throttled: false,
  clock: { synced: true },
  outbox: { rows: 0, bytes: 0, oldestSec: 0, dropped: 0 },
};

test('of a device that is well, or that told nothing, there is nothing to say', () => {
  assert.deepEqual(formatHealth(undefined), []);
  assert.deepEqual(formatHealth(WELL), []);
  assert.deepEqual(formatHealth({ ...WELL, hints: [], throttleReasons: [] }), []);
});

test('what it sees coming is told first, then what slows it down, then that its clock is not in step', () => {
  const hint = {
    code: 'disk_filling',
    severity: 'urgent',
    sinceMs: 1,
    evidence: {},
    text: 'full soon',
  } as const;
  const ill = { ...WELL, hints: [hint], throttled: true, clock: { synced: false } };
  assert.deepEqual(formatHealth({ ...ill, throttleReasons: ['under_voltage', 'core_heat'] }), [
    ['urgent', 'full soon'],
    ['slowed by', 'under voltage, core heat'],
    ['clock', 'not synchronised'],
  ]);
  // A device of an earlier release.
  assert.deepEqual(formatHealth({ ...WELL, throttled: true }), [['slowed by', 'heat or power']]);
});

test('what was lost is told by what it was, where that is known', () => {
  const outbox = { ...WELL.outbox, dropped: 3 };
  assert.deepEqual(formatHealth({ ...WELL, outbox }), [['lost', '3 messages: the outbox was full']]);
  const apart = { ...outbox, droppedByStream: { event: 1, deployment: 0, telemetry: 2 } };
  assert.deepEqual(formatHealth({ ...WELL, outbox: apart }), [
    ['lost', '3 messages (1 event, 2 telemetry): the outbox was full'],
  ]);
});
