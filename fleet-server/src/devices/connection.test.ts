import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionState } from '@watchpost/shared/lifecycle/device.ts';
import { computeConnection, LOST_AFTER_MS, type Standing } from './connection.ts';

const WELL: Standing = {
  isOnline: true,
  silentMs: 0,
  isUpdating: false,
  hasActiveBundle: true,
  cameras: ['online', 'online'],
};

const CASES: readonly (readonly [string, Partial<Standing>, ConnectionState])[] = [
  ['everything is well', {}, 'ready'],
  ['it has no camera', { cameras: [] }, 'ready'],
  ['a camera is switched off', { cameras: ['online', 'disabled'] }, 'ready'],
  ['a camera is offline', { cameras: ['online', 'offline'] }, 'degraded'],
  ['a camera is frozen', { cameras: ['frozen'] }, 'degraded'],
  ['a camera has not reported', { cameras: [undefined] }, 'degraded'],
  ['it runs no bundle', { hasActiveBundle: false }, 'degraded'],
  ['a deployment is under way', { isUpdating: true }, 'updating'],
  ['a first deployment is under way', { isUpdating: true, hasActiveBundle: false, cameras: [] }, 'updating'],
  ['the connection is down', { isOnline: false, isUpdating: true }, 'disconnected'],
  ['it was silent for just ten minutes', { silentMs: LOST_AFTER_MS }, 'ready'],
  ['it was silent for longer', { silentMs: LOST_AFTER_MS + 1 }, 'lost'],
  ['it was down for longer', { silentMs: LOST_AFTER_MS + 1, isOnline: false }, 'lost'],
];

for (const [name, change, expected] of CASES) {
  test(`a device is ${expected} when ${name}`, () => {
    assert.equal(computeConnection({ ...WELL, ...change }), expected);
  });
}
