import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLookQueue } from '../../agent/src/inference/look-queue.ts';
import { createRandom } from '../support/random.ts';

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
