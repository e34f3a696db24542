import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CameraView } from '@watchpost/shared/api/fleet.ts';
import { formatCamera } from './camera-text.ts';

const STATUS = { tsMs: 1, condition: 'online', quality01: 1 } as const;
const STATE = { tsMs: 1, sinceMs: 1, score: 0.9, model: 'pets@1', digest: 'b'.repeat(64) } as const;

const TABLE: readonly (readonly [string, Omit<CameraView, 'id' | 'name'>, string])[] = [
  ['nothing was heard of', {}, 'unknown'],
  ['is well and sees nothing', { status: STATUS, state: STATE }, 'online'],
  [
    'is not well',
    { status: { ...STATUS, condition: 'offline', code: 'CAMERA_AUTH', detail: 'refused' } },
    'offline CAMERA_AUTH refused',
  ],
  ['sees something', { status: STATUS, state: { ...STATE, label: 'cat' } }, 'online, sees cat'],
  [
    'sees something in its regions',
    {
      status: STATUS,
      state: {
        ...STATE,
        label: 'cat',
        regions: [
          { id: 'lawn', label: 'cat', sinceMs: 1, score: 0.9 },
          { id: 'door', sinceMs: 1, score: 0.1 },
          { id: 'gate', label: 'dog', sinceMs: 1, score: 0.8 },
        ],
      },
    },
    'online, sees cat (cat in lawn, dog in gate)',
  ],
  [
    'is looked at less often',
    { status: { ...STATUS, slowed: { level: 'reduced', why: ['heat', 'queue'], sinceMs: 1 } } },
    'online, slowed down to reduced by heat, queue',
  ],
];
for (const [name, camera, text] of TABLE) {
  test(`a camera that ${name} is told as: ${text}`, () => {
    assert.equal(formatCamera({ id: 'yard', name: 'Yard', ...camera }), `yard (Yard) ${text}`);
  });
}
