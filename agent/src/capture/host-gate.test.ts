import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHostGate } from './host-gate.ts';

const never = new AbortController().signal;

/** Lets everything that is ready happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('one at a time enters a host, in the order of asking', async () => {
  const gate = createHostGate();
  const order: string[] = [];
  const enter = async (name: string): Promise<() => void> => {
    const leave = await gate.enter('nvr', never);
    order.push(name);
    return leave;
  };
  const [first, second, third] = [enter('a'), enter('b'), enter('c')];
  await settle();
  assert.deepEqual(order, ['a']);
  (await first)();
  await settle();
  assert.deepEqual(order, ['a', 'b']);
  (await second)();
  (await third)();
  assert.deepEqual(order, ['a', 'b', 'c']);
});

test('hosts do not wait for each other', async () => {
  const gate = createHostGate();
  await gate.enter('a', never);
  await gate.enter('b', never);
});

test('leaving twice lets in one, not two', async () => {
  const gate = createHostGate();
  const leave = await gate.enter('nvr', never);
  leave();
  leave();
  await gate.enter('nvr', never);
  let isIn = false;
  void gate.enter('nvr', never).then(() => {
    isIn = true;
  });
  await settle();
  assert.equal(isIn, false);
});

test('who gives up waiting neither enters early for the next nor blocks it', async () => {
  const gate = createHostGate();
  const leave = await gate.enter('nvr', never);
  const giveUp = new AbortController();
  const impatient = gate.enter('nvr', giveUp.signal);
  let isIn = false;
  const patient = gate.enter('nvr', never).then(() => {
    isIn = true;
  });
  giveUp.abort();
  (await impatient)();
  await settle();
  assert.equal(isIn, false);
  leave();
  await patient;
});
