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

/** A stream from a seed (mulberry32), so that a failing run can be run again. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Place {
  readonly id: string;
  readonly intervalMs: number;
  /** Until it is due. */
  readonly withinMs: number;
  nextMs: number;
  sent: number;
  served: number;
  shed: number;
  waitingSinceMs: number | undefined;
  longestWaitMs: number;
  oldestPictureMs: number;
}

/** Cameras of all paces before one model, for a minute. */
function simulate(seed: number) {
  const random = createRandom(seed);
  const maxServiceMs = 5 + random() * 120;
  const places: Place[] = Array.from({ length: 2 + Math.floor(random() * 14) }, (_, index) => {
    const intervalMs = [33, 40, 100, 200, 200, 1_000, 5_000][Math.floor(random() * 7)] ?? 200;
    return {
      withinMs: Math.min(intervalMs, 1_000),
      ...{ id: `cam-${index}`, intervalMs, nextMs: random() * intervalMs, sent: 0, served: 0, shed: 0 },
      ...{ waitingSinceMs: undefined, longestWaitMs: 0, oldestPictureMs: 0 },
    };
  });
  const queue = createLookQueue<{ readonly place: Place; readonly capturedAtMs: number }>();
  let freeAtMs = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1) {
    for (const place of places.filter(({ nextMs }) => nextMs <= nowMs)) {
      const item = { place, capturedAtMs: nowMs };
      place.sent += 1;
      place.waitingSinceMs ??= nowMs;
      const dueAtMs = nowMs + place.withinMs;
      if (queue.put({ place: place.id, capturedAtMs: nowMs, dueAtMs, item }) !== undefined) place.shed += 1;
      // Real cameras are never even.
      place.nextMs += place.intervalMs * (0.7 + 0.6 * random());
    }
    assert.ok(queue.size() <= places.length, `seed ${seed}: the queue is bounded`);
    if (nowMs < freeAtMs) continue;
    const next = queue.take();
    if (next === undefined) continue;
    const { place, capturedAtMs } = next;
    place.served += 1;
    place.longestWaitMs = Math.max(place.longestWaitMs, nowMs - (place.waitingSinceMs ?? nowMs));
    place.oldestPictureMs = Math.max(place.oldestPictureMs, nowMs - capturedAtMs);
    place.waitingSinceMs = undefined;
    freeAtMs = nowMs + maxServiceMs * (0.5 + 0.5 * random());
  }
  return { places, maxServiceMs };
}

test('whatever the cameras send, each gets its turn: none starves, and a fast one pushes no slow one out', () => {
  for (let seed = 0; seed < 150; seed += 1) {
    const { places, maxServiceMs } = simulate(seed);
    const roundMs = (places.length + 1) * (maxServiceMs + 1);
    for (const place of places) {
      const about = `seed ${seed}, ${place.id} every ${place.intervalMs} ms`;
      // Until it is due, and a look of each other place then.
      const mostMs = place.withinMs + roundMs;
      assert.ok(place.longestWaitMs <= mostMs, `${about}: waited ${place.longestWaitMs} ms`);
      assert.ok(
        place.oldestPictureMs <= Math.min(mostMs, 1.3 * place.intervalMs),
        `${about}: a picture of ${place.oldestPictureMs} ms`,
      );
      // Every frame where its turn comes before its next one, else one for each frame and turn.
      const isInTime = mostMs <= 0.7 * place.intervalMs;
      const fair = isInTime ? place.sent : Math.floor(60_000 / (1.3 * place.intervalMs + mostMs));
      assert.ok(place.served >= fair - 1, `${about}: served ${place.served} of ${place.sent}, fair ${fair}`);
      assert.ok(place.served + place.shed >= place.sent - 1, `${about}: what was not served is counted`);
    }
  }
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
