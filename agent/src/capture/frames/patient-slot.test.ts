import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPatientSlot } from './patient-slot.ts';

const NEVER = new AbortController().signal;

test('every value is taken in its order, and each says when', async () => {
  const slot = createPatientSlot<string>();
  const taken: string[] = [];
  for (const value of ['a', 'b']) void slot.put(value)?.then(() => taken.push(value));
  assert.equal(await slot.take(NEVER), 'a');
  assert.deepEqual(taken, ['a']);
  assert.equal(await slot.take(NEVER), 'b');
  assert.equal(slot.overwritten(), 0);
});

test('a taker that waits gets the value at once: there is nothing to wait for', async () => {
  const slot = createPatientSlot<string>();
  const first = slot.take(NEVER);
  assert.equal(slot.put('a'), undefined);
  assert.equal(await first, 'a');
});

test('what is thrown away is counted, and nobody waits for it any more', async () => {
  const slot = createPatientSlot<string>();
  const put = slot.put('a');
  void slot.put('b');
  assert.equal(slot.clear(), 2);
  await put;
});

test('closed, it still gives what lies in it, then nothing; a waiting or aborted taker goes empty', async () => {
  const slot = createPatientSlot<string>();
  assert.equal(await slot.take(AbortSignal.abort()), undefined);
  void slot.put('a');
  slot.close();
  assert.equal(await slot.take(NEVER), 'a');
  assert.equal(await slot.take(NEVER), undefined);
  assert.equal(slot.put('b'), undefined);

  const other = createPatientSlot<string>();
  const [waiting, aborted] = [other.take(NEVER), new AbortController()];
  const impatient = other.take(aborted.signal);
  aborted.abort();
  other.close();
  assert.deepEqual([await waiting, await impatient], [undefined, undefined]);
});
