import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hint } from '@watchpost/shared/messages/telemetry.ts';
import { summariseHints } from './hint-words.ts';

const hint = (severity: Hint['severity'], code = 'disk_worn'): Hint => ({
  code,
  severity,
  sinceMs: 1,
  evidence: {},
  text: 't',
});

test('the worst is named, and how many more there are', () => {
  assert.deepEqual(summariseHints([hint('urgent'), hint('warning', 'fps_falling'), hint('notice')]), {
    text: 'Disk worn +1',
    tone: 'bad',
  });
  assert.deepEqual(summariseHints([hint('warning', 'temperature_rising')]), {
    text: 'Temperature rising',
    tone: 'warn',
  });
});

test('a notice alone does not mark a box', () => {
  assert.equal(summariseHints([hint('notice')]), undefined);
  assert.equal(summariseHints([]), undefined);
});
