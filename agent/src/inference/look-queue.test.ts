import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLookQueue } from './look-queue.ts';

test('who is due first is next; of those due together, who began to wait first', () => {
  const queue = createLookQueue<string>();
  const put = (place: string, dueAtMs: number) => queue.put({ place, capturedAtMs: 0, dueAtMs, item: place });
  put('slow', 5_000);
  put('b', 200);
  put('a', 200);
  put('fast', 40);
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => queue.take()),
    ['fast', 'b', 'a', 'slow', undefined],
  );
});

test('a newer look takes the place of an older one and keeps its turn', () => {
  const queue = createLookQueue<string>();
  const put = (place: string, capturedAtMs: number, item: string) =>
    queue.put({ place, capturedAtMs, dueAtMs: capturedAtMs + 100, item });
  assert.equal(put('a', 0, 'a0'), undefined);
  assert.equal(put('b', 50, 'b50'), undefined);
  assert.equal(put('a', 90, 'a90'), 'a0');
  assert.equal(queue.size(), 2);
  assert.equal(queue.waitingSinceMs(), 0);
  assert.equal(queue.take(), 'a90');
  assert.equal(queue.waitingSinceMs(), 50);
  assert.equal(queue.take(), 'b50');
  assert.equal(queue.waitingSinceMs(), undefined);
});

test('while the model keeps up, no frame of an even camera is lost', () => {
  const queue = createLookQueue<string>();
  let shed = 0;
  for (let nowMs = 0; nowMs < 10_000; nowMs += 10) {
    for (const [place, intervalMs] of [
      ['a', 40],
      ['b', 50],
      ['c', 200],
    ] as const) {
      if (nowMs % intervalMs !== 0) continue;
      const waiter = { place, capturedAtMs: nowMs, dueAtMs: nowMs + intervalMs, item: place };
      if (queue.put(waiter) !== undefined) shed += 1;
    }
    // One look takes 20 ms: half of one second is 50 looks, and 50 is what these cameras send.
    if (nowMs % 20 === 0) queue.take();
  }
  assert.equal(shed, 0);
});
