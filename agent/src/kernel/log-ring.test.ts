import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogRing } from './log-ring.ts';

const LIMITS = { lines: 3, chars: 20, lineChars: 12 };

test('the newest lines are kept, oldest first, without their ends', () => {
  const ring = createLogRing(LIMITS);
  for (const line of ['a\n', 'b\n', 'c\n', 'd\n']) ring.write(line);
  assert.deepEqual(ring.recent(9), ['b', 'c', 'd']);
  assert.deepEqual(ring.recent(2), ['c', 'd']);
  assert.deepEqual(ring.recent(0), []);
});

test('long lines are cut, and push out as many as they take room', () => {
  const ring = createLogRing(LIMITS);
  for (const line of ['first', 'x'.repeat(99), 'y'.repeat(8)]) ring.write(line);
  assert.deepEqual(ring.recent(9), ['x'.repeat(12), 'y'.repeat(8)]);
});
