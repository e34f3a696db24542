import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import { ROLLOUT_GATE_NAMES } from '@watchpost/shared/rollout/gates.ts';
import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import type { DeviceWindow } from '../store/port.ts';
import { judgeGates } from './judge-gates.ts';
import type { ExecutedDevice, GateEvidence } from './port.ts';

const MINUTE_MS = 60_000;
const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);
const BEFORE = 10;
const SINCE = 10;
const ORDERED_AT_MS = BEFORE * MINUTE_MS;
const SOAK_ENDS_AT_MS = 60 * MINUTE_MS;
const SOAKED = { nowMs: SOAK_ENDS_AT_MS };
const TIMED_OUT = { nowMs: SOAK_ENDS_AT_MS + 60 * MINUTE_MS };

interface Box {
  /** Of 300 frames a minute, before and with the bundle. */
  readonly failed?: readonly [number, number];
  readonly p95Ms?: readonly [number, number];
  readonly celsius?: readonly [number, number];
  readonly fps?: readonly [number, number];
  /** Frames a second there were to classify. */
  readonly due?: readonly [number, number];
  readonly state?: DeploymentState;
  readonly findings?: readonly DeploymentFindings[];
  /** Of the windows since the order. */
  readonly digest?: string;
  /** In its newest window it runs what it ran before. */
  readonly hasLeft?: boolean;
  readonly since?: number;
}

function windowsOf(box: Box, digest: string): readonly DeviceWindow[] {
  const { failed = [9, 9], p95Ms = [40, 40], celsius = [50, 50], fps = [5, 5], since = SINCE, hasLeft } = box;
  const { due = [5, 5] } = box;
  return Array.from({ length: BEFORE + since }, (_, minute) => {
    const at = minute < BEFORE ? 0 : 1;
    const frames = fps[at] * 60;
    return {
      digest: minute < BEFORE || (hasLeft && minute === BEFORE + since - 1) ? OLD : digest,
      endedAtMs: (minute + 1) * MINUTE_MS,
      windowSec: 60,
      framesDue: due[at] * 60,
      framesClassified: frames - failed[at],
      framesFailed: failed[at],
      inferP95Ms: p95Ms[at],
      celsius: celsius[at],
      throttled01: 0,
    };
  });
}

/** Boxes are not alike: the index makes the difference. */
const boxes = (count: number, make: (index: number) => Box): readonly Box[] =>
  Array.from({ length: count }, (_, i) => make(i));
const USUAL = boxes(30, (index) => ({ failed: [6 + (index % 7), 5 + (index % 7) + (index % 3)] }));

function evidence(executed: readonly Box[], change: Partial<GateEvidence> = {}): GateEvidence {
  return {
    nowMs: (BEFORE + SINCE) * MINUTE_MS,
    bundleDigest: NEW,
    soakEndsAtMs: SOAK_ENDS_AT_MS,
    bucketMs: MINUTE_MS,
    executed: executed.map(
      (box, index): ExecutedDevice => ({
        deviceId: `canary-${index}`,
        state: box.state ?? 'success',
        orderedAtMs: ORDERED_AT_MS,
        findings: box.findings ?? [],
        windows: windowsOf(box, box.digest ?? NEW),
      }),
    ),
    control: USUAL.map((box, index) => ({ deviceId: `control-${index}`, windows: windowsOf(box, OLD) })),
    ...change,
  };
}

const probation = (verdict: 'passed' | 'failed'): readonly DeploymentFindings[] => [
  { kind: 'probation', windowSec: 60, gates: [{ gate: 'latency', verdict }] },
];
const shadow = (agreement01: number): readonly DeploymentFindings[] => [
  { kind: 'shadow', frames: 100, windowSec: 60, agreement01, disagreements: [], errors: 0, busy01: 1 },
];

/** With the change in place, ten canaries go up and down as the others do. */
const ten = (make: (index: number) => Box) => boxes(10, make);
const worse = ten((index) => ({ failed: [6 + (index % 7), 40 + (index % 7)] }));
const alike = ten((index) => ({ failed: [6 + (index % 7), 5 + (index % 7) + ((index + 1) % 3)] }));

const CASES: readonly (readonly [name: string, GateSetting, GateEvidence, verdict: string, why: RegExp])[] = [
  [
    'more errors fail',
    { gate: 'error_rate' },
    evidence(worse),
    'fail',
    /^10 devices: \+11.* points .*e-value/,
  ],
  ['as many errors pass', { gate: 'error_rate' }, evidence(alike), 'pass', /30 control devices/],
  [
    'errors that rise everywhere are the world',
    { gate: 'error_rate' },
    evidence(worse, {
      control: boxes(30, (index) => ({ failed: [6 + (index % 7), 39 + (index % 7) + (index % 3)] })).map(
        (box, index) => ({
          deviceId: `control-${index}`,
          windows: windowsOf(box, OLD),
        }),
      ),
    }),
    'pass',
    /less what 30 control/,
  ],
  [
    'one bad camera in ten proves nothing of the model',
    { gate: 'error_rate' },
    evidence(ten((index) => ({ failed: [9, index === 0 ? 290 : 9] }))),
    'open',
    /limit \+1 points/,
  ],
  [
    'an allowance is an allowance',
    { gate: 'error_rate', limit: 0.2 },
    evidence(worse),
    'pass',
    /limit \+20 points/,
  ],
  [
    'a rise of errors fails without control devices too',
    { gate: 'error_rate' },
    evidence(worse, { control: [] }),
    'fail',
    /no control devices/,
  ],
  [
    'devices that say nothing leave it open',
    { gate: 'error_rate' },
    evidence(ten(() => ({ since: 0 }))),
    'open',
    /too few devices/,
  ],
  [
    'for an hour after the soak, then it fails',
    { gate: 'error_rate' },
    evidence(
      ten(() => ({ since: 0 })),
      TIMED_OUT,
    ),
    'fail',
    /^still open 60 min after the soak/,
  ],
  [
    'or passes, as the policy says, and when it says',
    { gate: 'error_rate', waitMinutes: 0, onTimeout: 'pass' },
    evidence(
      ten(() => ({ since: 0 })),
      SOAKED,
    ),
    'pass',
    /^still open 0 min/,
  ],
  [
    'a slower model fails',
    { gate: 'latency_ratio' },
    evidence(ten((index) => ({ p95Ms: [40 + index, 80 + 2 * index] }))),
    'fail',
    /: 2 times .*limit 1.25 times/,
  ],
  ['the same pace passes', { gate: 'latency_ratio' }, evidence(alike), 'pass', /: 1 times/],
  [
    'a latency above its limit fails',
    { gate: 'latency_p95', limit: 50 },
    evidence(ten((index) => ({ p95Ms: [40, 80 + index] }))),
    'fail',
    /: 84.5 ms .*limit 50 ms/,
  ],
  ['one below it passes', { gate: 'latency_p95', limit: 50 }, evidence(alike), 'pass', /: 40 ms/],
  [
    'fewer frames a second fail',
    { gate: 'fps' },
    evidence(ten(() => ({ fps: [5, 3] }))),
    'fail',
    /: 5[89].* %.*limit 90 %/,
  ],
  [
    'cameras before which nothing moves any more pass: what there is to classify is classified',
    { gate: 'fps' },
    evidence(ten(() => ({ fps: [5, 0.2], due: [5, 0.2], failed: [0, 0] }))),
    'pass',
    /: (9[89]|10\d).* %.*limit 90 %/,
  ],
  ['as many pass', { gate: 'fps' }, evidence(alike), 'pass', /: (99|100)/],
  [
    'warmer boxes fail',
    { gate: 'temperature' },
    evidence(ten((index) => ({ celsius: [50, 62 + (index % 3)] }))),
    'fail',
    /\+1[23].* °C.*limit \+5 °C/,
  ],
  ['boxes as warm as before pass', { gate: 'temperature' }, evidence(alike), 'pass', /[+-]0 °C/],
  ['no throttling passes', { gate: 'throttling' }, evidence(alike), 'pass', /limit \+5 points/],
  [
    'another opinion too often fails',
    { gate: 'disagreement' },
    evidence(ten((index) => ({ findings: shadow(0.4 + index / 100) }))),
    'fail',
    /: 55.5 % .*limit 20 %/,
  ],
  [
    'now and then it passes',
    { gate: 'disagreement' },
    evidence(ten((index) => ({ findings: shadow(0.95 + index / 1000) }))),
    'pass',
    /: 4.6 %/,
  ],
  ['without a shadow run it is open', { gate: 'disagreement' }, evidence(alike), 'open', /shadow/],
  ['all installed pass', { gate: 'installed' }, evidence(alike), 'pass', /10 of 10 devices/],
  [
    'devices that left the bundle again count as well',
    { gate: 'installed' },
    evidence([...alike.slice(2), { hasLeft: true }, { hasLeft: true }]),
    'fail',
    /8 of 10/,
  ],
  [
    'two of ten that failed are too many',
    { gate: 'installed' },
    evidence([...alike.slice(2), { state: 'rolled_back' }, { state: 'failure' }]),
    'fail',
    /8 of 10 devices .*, 2 do not; limit 90 %/,
  ],
  ['a probation nobody has told of is open', { gate: 'probation' }, evidence(alike), 'open', /0 of 10/],
  [
    'probations without a failure pass',
    { gate: 'probation' },
    evidence(ten(() => ({ findings: probation('passed') }))),
    'pass',
    /10 of 10/,
  ],
  [
    'probations with a failure fail',
    { gate: 'probation', limit: 1 },
    evidence(ten((index) => ({ findings: probation(index === 3 ? 'failed' : 'passed') }))),
    'fail',
    /9 of 10/,
  ],
  ['drift is not heard of', { gate: 'drift_state' }, evidence(alike), 'open', /^no evidence/],
];

for (const [name, setting, given, verdict, why] of CASES) {
  test(`gate ${setting.gate}: ${name}`, () => {
    const [found] = judgeGates([setting], given);
    assert.equal(found?.verdict, verdict, found?.why);
    assert.match(found?.why ?? '', why);
  });
}

/** Each a little above the limit, with much scatter: nothing is proved either way. */
const unclear = ten((index) => ({ failed: [9, index % 2 === 0 ? 30 : 2] }));
const unclearGood = ten((index) => ({ failed: [9, index % 2 === 0 ? 20 : 1] }));

test('what is not proved is open while the group soaks', () => {
  for (const given of [unclear, unclearGood])
    assert.equal(judgeGates([{ gate: 'error_rate' }], evidence(given))[0]?.verdict, 'open');
});

test('after the soak it passes when it looks good, unless the policy asks for proof', () => {
  const judge = (given: readonly Box[], passWhen: 'no_harm' | 'proof') =>
    judgeGates([{ gate: 'error_rate', passWhen }], evidence(given, SOAKED))[0]?.verdict;
  assert.equal(judge(unclearGood, 'no_harm'), 'pass');
  assert.equal(judge(unclearGood, 'proof'), 'open');
  assert.equal(judge(unclear, 'no_harm'), 'open');
});

test('the more gates watch, the more it takes for one of them to fail', () => {
  const slight = ten((index) => ({ failed: [6 + (index % 7), 14 + ((index * 5) % 13)] }));
  const verdictOf = (settings: readonly GateSetting[]) =>
    judgeGates(settings, evidence(slight)).find(({ gate }) => gate === 'error_rate')?.verdict;
  const crowd = (['latency_ratio', 'latency_p95', 'fps', 'temperature', 'throttling'] as const).flatMap(
    (gate) => Array.from({ length: 40 }, () => ({ gate })),
  );
  assert.equal(verdictOf([{ gate: 'error_rate' }]), 'fail');
  assert.equal(verdictOf([{ gate: 'error_rate' }, ...crowd]), 'open');
});

test('every gate judges no evidence at all without failing', () => {
  const verdicts = judgeGates(
    ROLLOUT_GATE_NAMES.map((gate) => ({ gate })),
    evidence([], { control: [] }),
  );
  assert.deepEqual([...new Set(verdicts.map(({ verdict }) => verdict))], ['open']);
  assert.deepEqual(
    verdicts.map(({ gate }) => gate),
    ROLLOUT_GATE_NAMES,
  );
});

test('the order in which devices are listed does not matter', () => {
  const given = evidence(worse);
  const turned = { ...given, executed: given.executed.toReversed(), control: given.control.toReversed() };
  const settings = ROLLOUT_GATE_NAMES.map((gate) => ({ gate }));
  assert.deepEqual(
    judgeGates(settings, given).map(({ verdict }) => verdict),
    judgeGates(settings, turned).map(({ verdict }) => verdict),
  );
});
