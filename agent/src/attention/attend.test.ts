import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AttentionOutcome, attend, initialAttention } from './attend.ts';
import type { GateRules } from './gate.ts';
import type { Orders } from './port.ts';
import { TURN_MS, whoseTurn } from './turn.ts';

const RULES: GateRules = { isOn: true, minShare01: 0.01, holdMs: 10_000, lookMs: 5_000, keyframes: true };
const FULL: Orders = { level: 'full', isTurn: true };

/** Five frames a second. */
function watch(orders: Orders, { share01 = 0.5, sec = 20, rules = RULES } = {}): readonly AttentionOutcome[] {
  const seen: AttentionOutcome[] = [];
  let state = initialAttention;
  for (let frame = 0; frame < sec * 5; frame += 1) {
    const attention = attend(state, { atMs: frame * 200, share01, isSettled: true }, rules, orders);
    state = attention.state;
    seen.push(attention);
  }
  return seen;
}
const count = (seen: readonly AttentionOutcome[], verdict: string): number =>
  seen.filter((attention) => attention.verdict === verdict).length;

test('a box that is well looks at every frame in which something moves', () => {
  assert.equal(count(watch(FULL), 'look'), 100);
});

test('reduced: three frames of five, the others left out by the governor', () => {
  const seen = watch({ level: 'reduced', isTurn: true });
  assert.deepEqual([count(seen, 'look'), count(seen, 'governed')], [60, 40]);
  assert.ok(seen.every(({ tier }) => tier === 'every'));
});

test('keyframes: what is decoded is asked for, and a source without them is looked at once a second', () => {
  const seen = watch({ level: 'keyframes', isTurn: false });
  assert.equal(count(seen, 'look'), 20);
  assert.ok(seen.every(({ tier }) => tier === 'keyframes'));
});

test('one camera: nothing is looked at out of turn', () => {
  assert.equal(count(watch({ level: 'one_camera', isTurn: false }), 'look'), 0);
  assert.equal(count(watch({ level: 'one_camera', isTurn: true }), 'look'), 20);
});

test('frames of a quiet scene are left out by the gate, whatever the box can', () => {
  for (const level of ['full', 'reduced', 'one_camera'] as const) {
    const seen = watch({ level, isTurn: true }, { share01: 0, sec: 60 });
    assert.ok(count(seen.slice(50), 'gated') >= 235, `${level}: ${count(seen.slice(50), 'gated')}`);
  }
});

test('a look that the governor does not allow is due as soon as it does', () => {
  const off = watch({ level: 'one_camera', isTurn: false }, { share01: 0, sec: 60 }).at(-1);
  assert.ok(off);
  const next = attend(off.state, { atMs: 60_200, share01: 0, isSettled: true }, RULES, FULL);
  assert.equal(next.verdict, 'look');
});

test('turns go round, each for TURN_MS', () => {
  const turns = [0, 1, 2, 3, 4].map((turn) => whoseTurn(['a', 'b', 'c'], turn * TURN_MS + 5));
  assert.deepEqual(turns, ['a', 'b', 'c', 'a', 'b']);
  assert.equal(whoseTurn([], 5), undefined);
});
