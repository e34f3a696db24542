import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareLedgers } from '../../support/fault-ledger.ts';

const event = (seq: number, firstSeq = 1) => ({ epoch: 'e', stream: 'event', seq, firstSeq }) as const;
const committed = { e: { event: 5 } };
const NOTHING = { logged: [], renewed: new Set<string>() };

test('a number that was committed and is not stored is lost', () => {
  const stored = [1, 2, 4, 5].map((seq) => event(seq));
  assert.deepEqual(compareLedgers({ ...NOTHING, committed, stored }).lost, ['event 3 of epoch e']);
});

test('a number that is stored twice is doubled', () => {
  const stored = [1, 2, 3, 3, 4, 5].map((seq) => event(seq));
  assert.deepEqual(compareLedgers({ ...NOTHING, committed, stored }).duplicates, ['event 3 of epoch e']);
});

test('an epoch that goes on with the numbers of another begins where it says, and loses nothing above', () => {
  const stored = [event(3, 3), event(5, 3)];
  const renewed = new Set(['e']);
  assert.deepEqual(compareLedgers({ ...NOTHING, renewed, committed, stored }).lost, ['event 4 of epoch e']);
  assert.equal(compareLedgers({ ...NOTHING, committed, stored }).lost.length, 3);
});
