import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceView } from '../api/client.ts';
import { countFleet, explainFilter, placeOf, selectDevices } from './select-devices.ts';

const device = (id: string, change: Partial<DeviceView> = {}): DeviceView => ({
  id,
  fleet: 'park',
  state: 'accepted',
  connection: 'ready',
  enrolledAtMs: 0,
  fingerprint: '0'.repeat(64),
  cameras: [],
  ...change,
});
const camera = (name: string, condition: 'online' | 'offline') =>
  ({ id: name.toLowerCase(), name, status: { tsMs: 0, condition, quality01: 1 } }) as const;

const FLEET = [
  device('gate', {
    cameras: [camera('North', 'online'), camera('South', 'offline')],
    metadata: { site: 'bcn-1', tags: ['lab', 'night'], attrs: { height: 3.5 } },
  }),
  device('pond', {
    connection: 'lost',
    cameras: [camera('Water', 'online')],
    activeBundle: { model: 'petpark', version: '1.2.0', digest: '1'.repeat(64), variant: 'int8' },
  }),
];
const ids = (text: string, connection?: 'ready' | 'lost') =>
  selectDevices(FLEET, { text, connection }).map((each) => each.id);

test('every word of the filter must occur, in any part of the row and any case', () => {
  assert.deepEqual(ids('  '), ['gate', 'pond']);
  assert.deepEqual(ids('NORTH gate'), ['gate']);
  assert.deepEqual(ids('petpark@1.2'), ['pond']);
  assert.deepEqual(ids('north pond'), []);
});

test('a filter in the language of fleetctl is understood, and words find site and tags', () => {
  assert.deepEqual(ids('site == "bcn-1" and attrs.height > 3'), ['gate']);
  assert.deepEqual(ids('not tag:lab and model == "petpark"', 'lost'), ['pond']);
  assert.deepEqual(ids('BCN-1 night'), ['gate']);
  assert.deepEqual(FLEET.map(placeOf), ['bcn-1 · lab · night', '']);
});

test('what is wrong with a filter is told, and words are no wrong filter', () => {
  assert.match(explainFilter('site == bcn') ?? '', /character 9: expected a value/);
  for (const text of ['', 'gate north', 'tag:lab', 'petpark@1.2'])
    assert.equal(explainFilter(text), undefined);
});

test('text and connection filter together', () => {
  assert.deepEqual(ids('', 'lost'), ['pond']);
  assert.deepEqual(ids('gate', 'lost'), []);
});

test('a camera behind a lost device is not counted as online, whatever it said last', () => {
  const counts = countFleet(FLEET);
  assert.deepEqual([counts.camerasOnline, counts.cameras], [1, 3]);
  assert.equal(counts.connections.lost, 1);
});
