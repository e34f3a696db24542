import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLatestSlot } from './latest-slot.ts';

const never = new AbortController().signal;

test('the newest wins, the others are counted', async () => {
  const slot = createLatestSlot<number>();
  for (const value of [1, 2, 3]) void slot.put(value);
  assert.equal(await slot.take(never), 3);
  assert.equal(slot.overwritten(), 2);
});

test('takers that wait are served one value each, in their order', async () => {
  const slot = createLatestSlot<number>();
  const taken = Promise.all([slot.take(never), slot.take(never)]);
  void slot.put(1);
  void slot.put(2);
  assert.deepEqual(await taken, [1, 2]);
  assert.equal(slot.overwritten(), 0);
});

test('a taker that gave up takes nothing away from the next', async () => {
  const slot = createLatestSlot<number>();
  const giveUp = new AbortController();
  const waiting = slot.take(giveUp.signal);
  giveUp.abort();
  assert.equal(await waiting, undefined);
  void slot.put(1);
  assert.equal(await slot.take(never), 1);
});

test('what is cleared cannot be taken and counts as not taken', async () => {
  const slot = createLatestSlot<number>();
  void slot.put(1);
  slot.clear();
  slot.clear();
  assert.equal(slot.overwritten(), 1);
  assert.equal(await slot.take(AbortSignal.abort()), undefined);
});

test('after close what is there can be taken, then there is nothing, and nobody waits', async () => {
  const slot = createLatestSlot<number>();
  void slot.put(1);
  slot.close();
  assert.equal(await slot.take(never), 1);
  assert.equal(await slot.take(never), undefined);
});

test('close lets the waiting go', async () => {
  const slot = createLatestSlot<number>();
  const waiting = slot.take(never);
  slot.close();
  assert.equal(await waiting, undefined);
});
