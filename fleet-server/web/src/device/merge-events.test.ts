import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEvent } from '../api/client.ts';
import { mergeEvents } from './merge-events.ts';

const event = (id: string, tsMs: number, type: StoredEvent['type'] = 'new'): StoredEvent => ({
  deviceId: 'gate',
  camera: 'north',
  receivedAtMs: tsMs,
  historical: false,
  id,
  type,
  label: 'cat',
  score: 0.9,
  tsMs,
  votes: { label: 4, window: 5 },
  thresholds: { enter: 0.7, exit: 0.4 },
  bundleDigest: '0'.repeat(64),
});

test('an event that came both live and with a page is shown once', () => {
  assert.equal(mergeEvents([event('a', 1)], [event('a', 1)]).length, 1);
});

test('the events of one sighting are all kept, newest first; a late one takes its place in time', () => {
  const merged = mergeEvents([event('a', 30, 'end'), event('a', 10)], [event('b', 20)]);
  assert.deepEqual(
    merged.map((each) => each.tsMs),
    [30, 20, 10],
  );
});
