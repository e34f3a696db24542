import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceIdOf } from './device-id.ts';

const TABLE: readonly (readonly [hostName: string, id: string])[] = [
  ['gate-3', 'gate-3'],
  ['Gate_3.park.example', 'gate-3'],
  ['--x--', 'x'],
  ['caña', 'ca-a'],
  ['...', 'box'],
  ['', 'box'],
  ['a'.repeat(80), 'a'.repeat(64)],
];

for (const [hostName, id] of TABLE) {
  test(`the host name "${hostName}" makes the device id "${id}"`, () => {
    assert.equal(deviceIdOf(hostName), id);
  });
}
