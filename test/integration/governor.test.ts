import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { GovernorSettings } from '@watchpost/shared/config/settings.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createBoxGovernor } from '../../agent/src/attention/box-governor.ts';
import type { Sample } from '../../agent/src/telemetry/port.ts';
import { until } from '../support/until.ts';

const SETTINGS: GovernorSettings = {
  enabled: true,
  warmCelsius: 75,
  hotCelsius: 80,
  criticalCelsius: 85,
  hysteresisCelsius: 5,
};

const sampleAt = (tsMs: number, celsius: number): Sample => ({
  ...{ tsMs, windowSec: 0, uptimeSec: 1, gpu: [], throttled: false },
  cpu: { load01: 0.1, loadAvg1: 0.1 },
  temperatures: [
    { zone: 'nvme', celsius: 40 },
    { zone: 'cpu', celsius },
  ],
  memory: { totalBytes: 1, availableBytes: 1, agentRssBytes: 1 },
  disk: { totalBytes: 1, freeBytes: 1 },
  network: { rxBytesPerSec: 0, txBytesPerSec: 0 },
  clock: { synced: true },
});

/** A governor whose seconds go by in milliseconds. */
async function govern(t: TestContext, settings: Partial<GovernorSettings> = {}) {
  const box = { celsius: 50, waitingMs: 0, samples: 0, looks: 0, isTelling: true, isHanging: false };
  const lines: string[] = [];
  let nowMs = 1_000_000;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
  let latest: Sample | undefined;
  const log = {
    ...silentLogger,
    child: () => log,
    info: (_: object, message?: string) => void lines.push(message ?? ''),
    warn: (facts: object, message?: string) =>
      void lines.push(`${message} ${(facts as { level?: string }).level}`),
  };
  const governor = createBoxGovernor({
    settings: { ...SETTINGS, ...settings },
    telemetry: {
      latest: () => {
        // A second of the box.
        nowMs += 1_000;
        box.looks += 1;
        if (box.isTelling) latest = sampleAt(nowMs, box.celsius);
        return latest;
      },
      sample: async (tsMs) => {
        box.samples += 1;
        latest = sampleAt(tsMs, box.celsius);
        return latest;
      },
    },
    waitingSinceMs: () => (box.waitingMs === 0 ? undefined : nowMs - box.waitingMs),
    answered: () => (box.isHanging ? 0 : box.looks),
    clock,
    log,
    everyMs: 1,
  });
  const told: string[] = [];
  governor.onChange(() => told.push(governor.current()?.level ?? 'full'));
  await governor.start(new AbortController().signal);
  t.after(() => governor.stop());
  const becomes = (level: string) => until(`the level is ${level}`, () => told.at(-1) === level);
  return { governor, box, told, lines, becomes };
}

test('a box that heats up looks less and less, says so each time, and comes back by itself', async (t) => {
  const { governor, box, becomes, lines, told } = await govern(t);
  box.celsius = 76;
  await becomes('reduced');
  const { sinceMs, ...reduced } = governor.current() ?? {};
  assert.deepEqual(reduced, { level: 'reduced', why: ['heat'] });
  assert.deepEqual(
    governor.orders('a', () => ['a', 'b']),
    { level: 'reduced', isTurn: true },
  );
  box.celsius = 81;
  await becomes('keyframes');
  assert.equal(governor.current()?.sinceMs, sinceMs, 'since it was slowed down at all');
  box.celsius = 90;
  await becomes('one_camera');
  const turns = ['a', 'b'].map((camera) => governor.orders(camera, () => ['a', 'b']).isTurn);
  assert.equal(turns.filter(Boolean).length, 1);
  box.celsius = 50;
  await becomes('full');
  assert.equal(governor.current(), undefined);
  assert.deepEqual(told, ['reduced', 'keyframes', 'one_camera', 'keyframes', 'reduced', 'full']);
  assert.equal(lines[0], 'the box looks less often reduced');
  assert.equal(lines.at(-1), 'the box looks at every frame again');
});

test('frames that wait for the model slow the box down too', async (t) => {
  const { governor, box, becomes } = await govern(t);
  box.waitingMs = 1_500;
  await becomes('reduced');
  assert.deepEqual(governor.current()?.why, ['queue']);
});

test('frames that wait for a model that hangs are no sign of too many frames', async (t) => {
  const { governor, box, becomes } = await govern(t);
  box.isHanging = true;
  box.waitingMs = 7_000;
  const looked = box.looks + 20;
  await until('it looked often', () => box.looks > looked);
  assert.equal(governor.current(), undefined);
  box.isHanging = false;
  await becomes('keyframes');
});

test('a reading that is old is taken anew: telemetry may be set to a pace of an hour', async (t) => {
  const { box, becomes } = await govern(t);
  box.isTelling = false;
  box.celsius = 81;
  await becomes('keyframes');
  assert.ok(box.samples > 0);
});

test('a governor that is turned off while the box is slow lets it go at once', async (t) => {
  const { governor, box, becomes } = await govern(t);
  box.celsius = 90;
  await becomes('one_camera');
  governor.useSettings({ ...SETTINGS, enabled: false });
  await becomes('full');
  assert.equal(governor.current(), undefined);
});

test('with other limits the same heat is none', async (t) => {
  const { governor, box } = await govern(t, { warmCelsius: 95, hotCelsius: 100, criticalCelsius: 105 });
  box.celsius = 90;
  const looked = box.looks + 20;
  await until('it looked often', () => box.looks > looked);
  assert.equal(governor.current(), undefined);
});
