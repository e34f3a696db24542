import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffSettings } from './settings-diff.ts';

const door = { id: 'door', url: 'rtsp://10.0.0.2/1', fps: 5 };

test('what changes, comes and goes has a line each', () => {
  const before = { telemetry: { intervalSec: 10 }, log: { level: 'info' } };
  const after = { telemetry: { intervalSec: 5 }, pictures: { enabled: false } };
  assert.deepEqual(diffSettings(before, after), [
    '- log.level: "info"',
    '+ pictures.enabled: false',
    '- telemetry.intervalSec: 10',
    '+ telemetry.intervalSec: 5',
  ]);
});

test('cameras are told apart by their ids, wherever they stand in the list', () => {
  const gate = { id: 'gate', device: '/dev/video0' };
  assert.deepEqual(diffSettings({ cameras: [door, gate] }, { cameras: [gate, { ...door, fps: 2 }] }), [
    '- cameras.door.fps: 5',
    '+ cameras.door.fps: 2',
  ]);
});

test('an empty list or object is told, the same settings are not', () => {
  assert.deepEqual(diffSettings({}, { cameras: [] }), ['+ cameras: []']);
  assert.deepEqual(diffSettings({ cameras: [door] }, { cameras: [{ ...door }] }), []);
});
