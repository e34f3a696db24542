import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceWindow } from '../store/port.ts';
import { computeEffect, computeLevel, readLevels } from './device-effects.ts';
import type { DeviceEvidence, ExecutedDevice, GateEvidence } from './port.ts';

const MINUTE_MS = 60_000;
const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);
const ORDERED_AT_MS = 4 * MINUTE_MS;

/** One value for each minute; undefined where the device told nothing. */
const windows = (values: readonly (number | undefined)[], digestAt: (minute: number) => string) =>
  values.flatMap((celsius, index): DeviceWindow[] => {
    if (celsius === undefined) return [];
    const minute = index + 1;
    const frames = { framesDue: 300, framesClassified: 300, framesFailed: 0 };
    const told = { digest: digestAt(minute), endedAtMs: minute * MINUTE_MS, windowSec: 60 };
    return [{ ...told, ...frames, celsius, throttled01: 0 }];
  });

/** Ordered after the fourth minute, the new model from the sixth on. */
const executed = (deviceId: string, ...values: (number | undefined)[]): ExecutedDevice => ({
  deviceId,
  state: 'success',
  orderedAtMs: ORDERED_AT_MS,
  findings: [],
  windows: windows(values, (minute) => (minute > 5 ? NEW : OLD)),
});
const control = (deviceId: string, ...values: (number | undefined)[]): DeviceEvidence => ({
  deviceId,
  windows: windows(values, () => OLD),
});
const evidence = (given: Pick<GateEvidence, 'executed' | 'control'>): GateEvidence => ({
  nowMs: 8 * MINUTE_MS,
  bundleDigest: NEW,
  soakEndsAtMs: 20 * MINUTE_MS,
  bucketMs: MINUTE_MS,
  ...given,
});
const reading = ({ celsius }: DeviceWindow) =>
  celsius === undefined ? undefined : { value: celsius, weight: 1 };

const bounds = (spread: number, cap = 1000) => ({ spread, cap });

const isNear = (actual: number | undefined, expected: number): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-9, `${actual} is not ${expected}`);

test('an effect is the change since the order, less that of the control devices at the same time', () => {
  const effect = computeEffect(
    evidence({
      // 10 and 12 degrees up on a day that gets warmer by 1 in the sixth minute and by 3 in the seventh.
      executed: [executed('x', 50, 50, 50, 50, 50, 61, 63), executed('y', 40, 40, 40, 40, 40, 53, 55)],
      control: [control('a', 30, 30, 30, 30, 30, 31, 33), control('b', 20, 20, 20, 20, 20, 21, 23)],
    }),
    reading,
    bounds(0.1),
  );
  assert.equal(effect?.basis, 'before_and_control');
  isNear(effect?.estimate, 11);
  // Changes of 10 and 12 scatter with a variance of 2; the control not at all.
  isNear(effect?.variance, 1);
  assert.deepEqual([effect?.executed, effect?.control], [2, 2]);
});

test('a device that tells of other minutes than its neighbours is compared with the control of those minutes', () => {
  const warming = [30, 31, 32, 33, 34, 35, 36, 37];
  const effect = computeEffect(
    evidence({
      executed: [
        executed('x', 50, 51, undefined, undefined, undefined, undefined, 56, 57),
        executed('y', undefined, undefined, 42, 43, 44, 45, 46, undefined),
      ],
      control: [control('a', ...warming), control('b', ...warming.map((value) => value + 10))],
    }),
    reading,
    bounds(0.1),
  );
  isNear(effect?.estimate, 0);
});

test('devices that scatter less than is measured are taken to scatter as much as that', () => {
  const same = [50, 50, 50, 50, 50, 50, 50, 50];
  const effect = computeEffect(
    evidence({
      executed: [executed('x', ...same)],
      control: ['a', 'b', 'c'].map((id) => control(id, ...same)),
    }),
    reading,
    bounds(0.6),
  );
  isNear(effect?.estimate, 0);
  isNear(effect?.variance, 0.36 * (1 + 1 / 3));
  assert.equal(effect?.freedom, 2);
});

test('without a time before, devices are compared with the control as they are', () => {
  const none = [undefined, undefined, undefined, undefined, undefined];
  const effect = computeEffect(
    evidence({
      executed: [executed('x', ...none, 55, 55), executed('y', ...none, 57, 57)],
      control: ['a', 'b'].map((id) => control(id, 50, 50, 50, 50, 50, 50, 50)),
    }),
    reading,
    bounds(0.1),
  );
  assert.equal(effect?.basis, 'control');
  isNear(effect?.estimate, 6);
});

test('without a control, devices are compared with their own time before', () => {
  const effect = computeEffect(
    evidence({
      executed: ['x', 'y', 'z'].map((id, index) => executed(id, 50, 50, 50, 50, 50, 51 + index, 51 + index)),
      control: [],
    }),
    reading,
    bounds(0.1),
  );
  assert.equal(effect?.basis, 'before');
  isNear(effect?.estimate, 2);
  isNear(effect?.variance, 1 / 3);
});

test('nothing can be told of one window, or of two devices without a control', () => {
  const control_ = ['a', 'b'].map((id) => control(id, 50, 50, 50, 50, 50, 50, 50));
  const early = evidence({ executed: [executed('x', 50, 50, 50, 50, 50, 60)], control: control_ });
  assert.equal(computeEffect(early, reading, bounds(0.1)), undefined);
  const two = ['x', 'y'].map((id) => executed(id, 50, 50, 50, 50, 50, 60, 60));
  assert.equal(computeEffect(evidence({ executed: two, control: [] }), reading, bounds(0.1)), undefined);
});

test('a level is the mean of the devices, each of them the mean of its windows with the bundle', () => {
  const given = evidence({
    executed: [
      executed('x', 1, 1, 1, 1, 1, 50, 52),
      executed('y', 1, 1, 1, 1, 1, 53),
      executed('z', 1, 1, 1, 1, 1, 60, 60, 60, 60),
    ],
    control: [],
  });
  assert.deepEqual(readLevels(given, reading), [51, 60]);
  assert.equal(computeLevel([51, 60], bounds(1)), undefined);
  const told = { estimate: 2, variance: 1 / 3, freedom: 2 };
  assert.deepEqual(computeLevel([1, 2, 3], bounds(0.1)), { ...told, executed: 3, control: 0, capped: told });
});

test('with a cap, one device that is far worse counts for no more than the cap above the control', () => {
  const effect = computeEffect(
    evidence({
      executed: [0, 1, 90].map((rise, index) =>
        executed(`${index}`, 50, 50, 50, 50, 50, 50 + rise, 50 + rise),
      ),
      control: ['a', 'b'].map((id) => control(id, 50, 50, 50, 50, 50, 50, 50)),
    }),
    reading,
    bounds(0.1, 5),
  );
  isNear(effect?.estimate, 91 / 3);
  isNear(effect?.capped.estimate, 2);
});
