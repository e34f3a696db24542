import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPictureRing } from './picture-ring.ts';

const picture = (second: number, bytes = 10) => ({
  jpeg: new Uint8Array(bytes),
  capturedAtMs: second * 1000,
});
const secondsIn = (ring: ReturnType<typeof createPictureRing>) =>
  ring.list().map(({ capturedAtMs }) => capturedAtMs / 1000);

test('pictures come out oldest first, and those that grew too old are gone', () => {
  const ring = createPictureRing({ maxAgeMs: 10_000, maxBytes: 1_000 });
  for (const second of [0, 4, 8, 12]) ring.add(picture(second));
  assert.deepEqual(secondsIn(ring), [4, 8, 12]);
});

test('what is left behind by an outage stays until the next picture', () => {
  const ring = createPictureRing({ maxAgeMs: 10_000, maxBytes: 1_000 });
  ring.add(picture(0));
  assert.deepEqual(secondsIn(ring), [0]);
  ring.add(picture(600));
  assert.deepEqual(secondsIn(ring), [600]);
});

test('the oldest make room when the ring is full of bytes', () => {
  const ring = createPictureRing({ maxAgeMs: 10_000, maxBytes: 100 });
  for (const second of [0, 1, 2, 3]) ring.add(picture(second, 40));
  assert.deepEqual(secondsIn(ring), [2, 3]);
  ring.add(picture(4, 100));
  assert.deepEqual(secondsIn(ring), [4]);
});

test('a picture larger than the whole ring is not kept, and nothing else is then', () => {
  const ring = createPictureRing({ maxAgeMs: 10_000, maxBytes: 100 });
  ring.add(picture(0, 40));
  ring.add(picture(1, 101));
  assert.deepEqual(secondsIn(ring), []);
});
