import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEvent } from '../api/client.ts';
import { mergeEvents, withEvidence } from './merge-events.ts';

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

test('what was told of the pictures of a sighting since counts for all its events, and for no other', () => {
  const other = event('b', 5);
  const evidence = { pictures: [{ number: 1, offsetMs: 0, sizeBytes: 9 }], canAsk: true };
  const events = [event('a', 30, 'end'), event('a', 10), other];
  const shown = withEvidence(events, new Map([['a', evidence]]));
  assert.deepEqual(
    shown.map((each) => each.evidence),
    [evidence, evidence, undefined],
  );
  assert.equal(shown[2], other, 'what did not change is the same');
});
