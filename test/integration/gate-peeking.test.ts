import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countShareE } from '../../fleet-server/src/gates/count-share.ts';
import { judgeGates } from '../../fleet-server/src/gates/judge-gates.ts';
import type { DeviceEvidence } from '../../fleet-server/src/gates/port.ts';
import type { DeviceWindow } from '../../fleet-server/src/store/port.ts';
import { createRandom } from '../support/random.ts';

const MINUTE_MS = 60_000;
const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);

const share = (outcomes: readonly boolean[]): number => outcomes.filter(Boolean).length / outcomes.length;

test('a test that is looked at all the time rejects what is true half of the time, an e-value one time in twenty', () => {
  const random = createRandom(11);
  const runs = Array.from({ length: 500 }, () => {
    let own = 0;
    let [isPeeking, isE] = [false, false];
    for (let seen = 1; seen <= 2000; seen += 1) {
      if (random() < 0.5) own += 1;
      isPeeking ||= Math.abs(own - seen / 2) > 1.96 * Math.sqrt(seen / 4);
      isE ||= countShareE({ own, others: seen - own, expectedShare01: 0.5, concentration: 2 }) >= 20;
    }
    return { isPeeking, isE };
  });
  const [peeking, e] = [share(runs.map(({ isPeeking }) => isPeeking)), share(runs.map(({ isE }) => isE))];
  assert.ok(peeking > 0.35, `a plain test of 5 % rejected ${peeking}`);
  // Three standard errors above what is promised.
  assert.ok(e <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs.length), `the e-value rejected ${e}`);
});

/** Boxes that differ, change by themselves for good, and wander; those of the canary get warmer by `risen` as well. */
function createBoxes(count: number, risen: number, random: () => number) {
  const normal = (sd: number): number =>
    sd * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const boxes = Array.from({ length: count }, () => ({
    base: normal(8),
    change: normal(2) + risen,
    wander: 0,
  }));
  return (minute: number, isSince: boolean, digest: string): readonly DeviceWindow[] =>
    boxes.map((box) => {
      box.wander = 0.9 * box.wander + normal(1);
      return {
        digest,
        endedAtMs: minute * MINUTE_MS,
        windowSec: 60,
        framesDue: 300,
        framesClassified: 300,
        framesFailed: 0,
        celsius: 50 + Math.sin(minute / 20) * 5 + box.base + (isSince ? box.change : 0) + box.wander,
        throttled01: 0,
      };
    });
}

/** Whether the gate says so at any of forty looks. */
function hasFailed(risen: number, random: () => number): boolean {
  const [canaries, controls] = [createBoxes(12, risen, random), createBoxes(30, 0, random)];
  const windows: { own: DeviceWindow[][]; others: DeviceWindow[][] } = {
    own: Array.from({ length: 12 }, () => []),
    others: Array.from({ length: 30 }, () => []),
  };
  for (let minute = 1; minute <= 60; minute += 1) {
    const isSince = minute > 20;
    const [own, others] = [canaries(minute, isSince, isSince ? NEW : OLD), controls(minute, isSince, OLD)];
    for (const [index, window] of own.entries()) windows.own[index]?.push(window);
    for (const [index, window] of others.entries()) windows.others[index]?.push(window);
    if (isSince && judge(windows, minute) === 'fail') return true;
  }
  return false;
}

function judge(
  windows: { readonly own: DeviceWindow[][]; readonly others: DeviceWindow[][] },
  minute: number,
) {
  const toDevice = (device: readonly DeviceWindow[], index: number): DeviceEvidence => ({
    deviceId: `${index}`,
    windows: device,
  });
  const facts = { state: 'success' as const, orderedAtMs: 20 * MINUTE_MS, findings: [] };
  const [verdict] = judgeGates([{ gate: 'temperature', limit: 5 }], {
    nowMs: minute * MINUTE_MS,
    bundleDigest: NEW,
    soakEndsAtMs: 1000 * MINUTE_MS,
    bucketMs: MINUTE_MS,
    executed: windows.own.map((device, index) => ({ ...toDevice(device, index), ...facts })),
    control: windows.others.map(toDevice),
  });
  return verdict?.verdict;
}

test('a gate asked every minute fails a bundle at its limit one time in twenty at most, whatever devices do by themselves', () => {
  const random = createRandom(5);
  const failed = share(Array.from({ length: 150 }, () => hasFailed(5, random)));
  assert.ok(failed <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 150), `${failed}`);
});

test('and one far beyond its limit nearly always', () => {
  const random = createRandom(6);
  const failed = share(Array.from({ length: 30 }, () => hasFailed(10, random)));
  assert.ok(failed >= 0.9, `${failed}`);
});
