import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accept, beginTrial, confirm, judgeMark, MAX_TRIAL_STARTS, reject, revert } from './config-trial.ts';
import type { ConfigMemory, FleetDocument } from './port.ts';

const document = (version: number): FleetDocument => ({ version, settings: { log: {} } });
const [D1, D2, D3] = [1, 2, 3].map(document) as [FleetDocument, FleetDocument, FleetDocument];
const good = (given: FleetDocument, memory: ConfigMemory = {}): ConfigMemory =>
  confirm(accept(memory, given, 1));
const WHY = { reason: 'CONFIG_LOST_CAMERAS', detail: 'none' };

const MARKS: readonly (readonly [string, number | undefined, number, string, string])[] = [
  ['the first document', undefined, 1, 'a', 'fresh'],
  ['a newer one', 4, 5, 'b', 'fresh'],
  ['one far ahead', 4, 900, 'b', 'fresh'],
  ['the same again', 4, 4, 'a', 'again'],
  ['other settings under the same version', 4, 4, 'b', 'replayed'],
  ['an older one', 4, 3, 'a', 'replayed'],
];
for (const [name, seen, version, digest, kind] of MARKS) {
  test(`${name} is ${kind}`, () => {
    const mark = seen === undefined ? undefined : { version: seen, digest: 'a' };
    assert.equal(judgeMark(mark, { version, digest }).kind, kind);
  });
}

test('a document that proved good is what the next one goes back to', () => {
  const tried = accept(good(D1), D2, 3);
  assert.deepEqual(tried.current, { ...D2, isConfirmed: false, starts: 0, onlineBefore: 3 });
  assert.deepEqual(tried.lastGood, D1);
  const back = revert(tried, WHY);
  assert.deepEqual([back.current?.version, back.current?.isConfirmed, back.lastGood], [1, true, undefined]);
  assert.deepEqual(back.verdict, { version: 2, state: 'reverted', ...WHY });
});

test('what never proved good is nothing to go back to', () => {
  const second = accept(accept(good(D1), D2, 1), D3, 1);
  assert.equal(second.lastGood?.version, 1);
  assert.equal(revert(second, WHY).current?.version, 1);
});

test('a trial that lost the cameras does not make the next one look harmless', () => {
  const second = accept(accept(good(D1), D2, 4), D3, 0);
  assert.equal(second.current?.onlineBefore, 4);
});

test('without anything good the own settings of the box count again', () => {
  const { current, verdict } = revert(accept({}, D1, 1), WHY);
  assert.equal(current, undefined);
  assert.equal(verdict?.state, 'reverted');
});

test('a document that is refused changes nothing in force', () => {
  const before = good(D1);
  const after = reject(before, { version: 2, reason: 'CONFIG_INVALID' });
  assert.deepEqual([after.current, after.lastGood], [before.current, before.lastGood]);
  assert.deepEqual(after.verdict, { version: 2, state: 'rejected', reason: 'CONFIG_INVALID' });
});

const BOOTS: readonly (readonly [string, ConfigMemory, 'normal' | 'cautious', number | undefined])[] = [
  ['with nothing remembered', {}, 'normal', undefined],
  ['with a good document', good(D1), 'normal', 1],
  ['with a good document, carefully', good(D1), 'cautious', 1],
  ['with one on trial', accept(good(D1), D2, 1), 'normal', 2],
  ['with one on trial, carefully', accept(good(D1), D2, 1), 'cautious', 1],
  ['with the first one on trial, carefully', accept({}, D1, 1), 'cautious', undefined],
];
for (const [name, memory, boot, version] of BOOTS) {
  test(`a start ${name} runs ${version === undefined ? 'the own settings' : `version ${version}`}`, () =>
    assert.equal(beginTrial(memory, boot).current?.version, version));
}

test('a document gets a few starts to prove good, then it gives way for good', () => {
  let memory = accept(good(D1), D2, 1);
  for (let start = 1; start <= MAX_TRIAL_STARTS; start += 1) {
    memory = beginTrial(memory, 'normal');
    assert.deepEqual([memory.current?.version, memory.current?.starts], [2, start]);
  }
  memory = beginTrial(memory, 'normal');
  assert.equal(memory.current?.version, 1);
  assert.deepEqual([memory.verdict?.state, memory.verdict?.reason], ['reverted', 'CONFIG_UNPROVED']);
  assert.equal(beginTrial(memory, 'normal'), memory);
});
