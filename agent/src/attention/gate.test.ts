import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALM_MS, type GateRules, type GateState, MAX_CALM_MS, stepGate } from './gate.ts';

const RULES: GateRules = { isOn: true, minShare01: 0.01, holdMs: 10_000, lookMs: 5_000, keyframes: true };

interface Scene {
  readonly sec: number;
  /** Seconds in which something moves. */
  readonly moves?: (atSec: number) => boolean;
  /** Seconds at which the last look contradicts what was decided. */
  readonly doubts?: (atSec: number) => boolean;
  readonly rules?: Partial<GateRules>;
}

/** Four frames a second. @returns the seconds looked at, and the changes of tier */
function watch({ sec, moves = () => false, doubts = () => false, rules = {} }: Scene) {
  const looks: number[] = [];
  const tiers: string[] = [];
  let state: GateState | undefined;
  let lookedAtMs = -Infinity;
  for (let atMs = 0; atMs < sec * 1000; atMs += 250) {
    const atSec = atMs / 1000;
    const share01 = moves(atSec) ? 0.05 : 0.001;
    const moment = { atMs, share01, isSettled: !doubts(atSec), lookedAtMs };
    const outcome = stepGate(state, moment, { ...RULES, ...rules });
    if (outcome.isLook) {
      looks.push(atSec);
      lookedAtMs = atMs;
    }
    if (outcome.state.tier !== (state?.tier ?? 'every')) tiers.push(`${atSec} ${outcome.state.tier}`);
    state = outcome.state;
  }
  return { looks, tiers, state };
}
const within = (looks: readonly number[], from: number, to: number): number =>
  looks.filter((at) => at >= from && at < to).length;

test('a gate that is off lets every frame pass and asks for every picture', () => {
  const { looks, tiers } = watch({ sec: 60, rules: { isOn: false } });
  assert.equal(looks.length, 240);
  assert.deepEqual(tiers, []);
});

test('from the start every frame is looked at for holdMs, then one every lookMs', () => {
  const { looks } = watch({ sec: 30 });
  assert.equal(within(looks, 0, 10), 40);
  assert.deepEqual(
    looks.filter((at) => at >= 10),
    [14.75, 19.75, 24.75, 29.75],
  );
});

test('the frame that moves is looked at itself, and every one for holdMs after the last motion', () => {
  const { looks } = watch({ sec: 60, moves: (at) => at >= 30 && at < 32 });
  assert.ok(looks.includes(30));
  assert.equal(within(looks, 30, 41.75), 47);
  assert.equal(within(looks, 42, 46), 0);
});

test('less motion than minShare01 is none', () => {
  const { looks } = watch({ sec: 60, moves: () => true, rules: { minShare01: 0.06 } });
  assert.ok(within(looks, 10, 60) <= 11);
});

test('at rest the stream is decoded at its keyframes, and the frame that moves has it decoded in full at once', () => {
  const { tiers } = watch({ sec: 300, moves: (at) => at === 200 });
  const asleepSec = 10 + CALM_MS / 1000;
  assert.deepEqual(tiers, [`${asleepSec} keyframes`, '200 every', '220 keyframes']);
});

test('without keyframes every picture is decoded', () => {
  assert.deepEqual(watch({ sec: 300, rules: { keyframes: false } }).tiers, []);
});

test('a camera that wakes every half minute is put to sleep less and less, and sleeps again when it is calm', () => {
  const { tiers, state } = watch({ sec: 1_200, moves: (at) => at < 900 && at % 30 === 0 });
  assert.ok(tiers.length < 8, tiers.join(', '));
  assert.equal(state?.tier, 'keyframes');
  assert.ok((state?.calmMs ?? 0) <= MAX_CALM_MS);
});

test('an animal that sleeps in view for an hour is looked at every lookMs', () => {
  // The sighting is open, and each look agrees with it.
  const { looks } = watch({ sec: 3_600, moves: (at) => at < 5 });
  assert.ok(Math.abs(within(looks, 100, 3_600) - 700) <= 1);
});

test('a look that contradicts what was decided is followed by more at once, while it is in doubt', () => {
  const { looks, tiers } = watch({ sec: 200, doubts: (at) => at >= 100 && at < 102 });
  assert.equal(within(looks, 100, 102), 8);
  assert.equal(within(looks, 102, 106), 0);
  assert.deepEqual(tiers.slice(0, 3), ['20 keyframes', '100 every', '122 keyframes']);
});

test('a scene in which the model wavers for ever costs holdMs once', () => {
  const { looks } = watch({ sec: 300, doubts: (at) => at >= 100 });
  assert.equal(within(looks, 100, 110), 40);
  assert.ok(within(looks, 110, 300) <= 38);
});
