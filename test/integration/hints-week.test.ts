import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hint, InferenceWindow } from '@watchpost/shared/messages/telemetry.ts';
import { createMemoryHintWatch } from '../../agent/src/telemetry/hints/memory-hint-watch.ts';
import type { Sample } from '../../agent/src/telemetry/port.ts';
import { createRandom } from '../support/random.ts';

const DAY_SEC = 86_400;
const EVERY_SEC = 120;
const FPS_SET = 20;

/** What goes wrong with a box at a second since its start; nothing with a sound one. */
interface Ills {
  readonly celsius?: (sec: number) => number;
  readonly leakedBytes?: (sec: number) => number;
}

/**
 * A box over days: heat of the day, noise that lasts for minutes, a log that is thrown away each night, writes in
 * bursts, and nights in which nothing moves.
 * @returns what is told at each change, with the second since the start
 */
function live(days: number, seed: number, ills: Ills = {}): readonly (readonly [number, readonly Hint[]])[] {
  const { celsius = () => 0, leakedBytes = () => 0 } = ills;
  const random01 = createRandom(seed);
  const bell = () => random01() + random01() + random01() + random01() - 2;
  const told: (readonly [number, readonly Hint[]])[] = [];
  let nowSec = 0;
  const watch = createMemoryHintWatch((hints) => told.push([nowSec, hints]));
  let lasting = { heat: 0, memory: 0 };
  for (nowSec = 600; nowSec < days * DAY_SEC; nowSec += EVERY_SEC) {
    lasting = { heat: 0.9 * lasting.heat + bell(), memory: 0.98 * lasting.memory + bell() };
    const daylight = Math.sin((nowSec / DAY_SEC) * 2 * Math.PI);
    const isBusy = daylight > -0.3;
    const rssBytes =
      200e6 + 40e6 * (1 - Math.exp(-nowSec / 3600)) + lasting.memory * 1e6 + leakedBytes(nowSec);
    const sample: Sample = {
      tsMs: nowSec * 1000,
      windowSec: EVERY_SEC,
      uptimeSec: nowSec,
      cpu: { load01: 0.3, loadAvg1: 1 },
      gpu: [],
      temperatures: [
        {
          zone: 'cpu',
          celsius: 60 + 8 * daylight + 1.5 * lasting.heat - 30 * Math.exp(-nowSec / 600) + celsius(nowSec),
        },
      ],
      memory: {
        totalBytes: 4e9,
        availableBytes: 2.5e9 - leakedBytes(nowSec),
        agentRssBytes: rssBytes,
        processes: [{ name: 'agent', pid: 1, rssBytes }],
      },
      disk: {
        totalBytes: 32e9,
        freeBytes: 20e9 - (nowSec % DAY_SEC) * 1e4 + bell() * 1e7,
        name: 'mmcblk0',
        kind: 'sd',
        writtenBytesPerDay: random01() < 0.05 ? 20e9 : 0.3e9,
      },
      network: { rxBytesPerSec: 1, txBytesPerSec: 1 },
      throttled: false,
      clock: { synced: true },
    };
    const framesCaptured = Math.round(EVERY_SEC * FPS_SET * (isBusy ? 0.97 + 0.02 * bell() : 0.1));
    const inference: InferenceWindow = {
      digest: 'd'.repeat(64),
      framesCaptured,
      framesClassified: isBusy ? framesCaptured : Math.round(framesCaptured * 0.1),
      framesFailed: 0,
      inferP95Ms: 20 + bell() + 0.3 * lasting.heat,
    };
    watch.look(sample, inference, { nowMs: nowSec * 1000, fpsSet: FPS_SET });
  }
  return told;
}

test('days of a sound box are told nothing of', () => {
  for (const seed of [1, 2]) assert.deepEqual(live(3, seed), [], `seed ${seed}`);
});

test('a fan that stops in the afternoon is told of before the box is too hot, and once', () => {
  const stopsSec = 1.2 * DAY_SEC;
  const told = live(1.5, 3, {
    celsius: (sec) => (sec < stopsSec ? 0 : 25 * (1 - Math.exp(-(sec - stopsSec) / 2400))),
  });
  const [[atSec, hints] = [0, []]] = told;
  assert.equal(hints[0]?.code, 'temperature_rising');
  assert.ok(atSec > stopsSec && atSec - stopsSec < 45 * 60, `${(atSec - stopsSec) / 60} minutes later`);
  assert.ok((hints[0]?.evidence.celsius ?? 99) < 85);
  const raised = told.filter(([, now]) => now.length > 0 && now[0]?.severity === 'warning');
  assert.ok(raised.length <= 2, `told ${raised.length} times`);
});

test('a leak is told of days before the memory is used up, and does not come and go', () => {
  const told = live(2, 4, { leakedBytes: (sec) => Math.max(0, sec - 0.5 * DAY_SEC) * 6000 });
  assert.deepEqual(
    told.map(([, hints]) => hints.map(({ code, severity }) => `${code} ${severity}`)),
    [['memory_growing warning']],
  );
});
