import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestsOf, isOnTrial, planSwitch, type Slot, type Slots, withoutChallenger } from './slots.ts';

const slot = (digest: string): Slot => ({ digest, deploymentId: `d-${digest}` });
const [A, B, C] = [slot('a'), slot('b'), slot('c')];

test('the first switch of a box has nothing to go back to', () => {
  assert.deepEqual(planSwitch({}, undefined, A), { next: { champion: A }, back: {} });
});

test('a switch keeps the champion as the previous one, and brings back all there was', () => {
  assert.deepEqual(planSwitch({ champion: B, previous: A, challenger: C }, undefined, C), {
    next: { champion: C, previous: B },
    back: { champion: B, previous: A },
  });
});

test('a champion on trial never becomes what is gone back to', () => {
  const good: Slots = { champion: A };
  assert.deepEqual(planSwitch({ champion: B, previous: A }, good, C), {
    next: { champion: C, previous: A },
    back: good,
  });
});

test('a first model on trial is better than none', () => {
  assert.deepEqual(planSwitch({ champion: A }, {}, B), {
    next: { champion: B, previous: A },
    back: { champion: A },
  });
});

test('a bundle that is mended keeps the previous one', () => {
  assert.deepEqual(planSwitch({ champion: A, previous: B }, undefined, { ...A, deploymentId: 'd2' }).next, {
    champion: { ...A, deploymentId: 'd2' },
    previous: B,
  });
});

test('a champion is on trial while there is another one to go back to', () => {
  assert.ok(!isOnTrial({ champion: A }, undefined));
  assert.ok(!isOnTrial({ champion: A }, { champion: A }), 'prepared, not switched yet');
  assert.ok(isOnTrial({ champion: B }, { champion: A }));
  assert.ok(isOnTrial({ champion: A }, {}), 'the first one');
});

test('every digest of every slot counts once', () => {
  assert.deepEqual(digestsOf({ champion: A, challenger: B }, undefined, { champion: A, previous: C }), [
    'a',
    'b',
    'c',
  ]);
  assert.deepEqual(withoutChallenger({ challenger: B }), {});
});
