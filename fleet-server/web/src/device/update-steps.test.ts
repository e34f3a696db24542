import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentChange, DeploymentHistory } from '../api/client.ts';
import { findFindings, listSteps } from './update-steps.ts';

type State = DeploymentHistory['state'];
type Findings = NonNullable<DeploymentChange['findings']>;

const CHOSEN = { variant: 'fp32', threads: 2 };
const SELF_TEST: Findings = { kind: 'self_test', trials: [], chosen: CHOSEN };
const SHADOW: Findings = {
  kind: 'shadow',
  frames: 0,
  windowSec: 0,
  disagreements: [],
  errors: 0,
  busy01: 0,
};
const SWITCH: Findings = { kind: 'switch', framesDropped: 0, tookMs: 1 };
const PROBATION: Findings = { kind: 'probation', windowSec: 600, gates: [] };

/** A change each second, from the first on; findings come with `testing`. */
const told = (...what: readonly (State | Findings)[]): DeploymentChange[] =>
  what.map((each, index) => ({
    tsMs: index * 1_000,
    receivedAtMs: 0,
    historical: false,
    ...(typeof each === 'string' ? { state: each } : { state: 'testing', findings: each }),
  }));

const CASES: readonly [string, State, readonly (State | Findings)[], string][] = [
  ['ordered', 'pending', [], 'waiting waiting waiting waiting waiting'],
  ['in a queue', 'queued', ['queued'], 'waiting waiting waiting waiting waiting'],
  ['downloading', 'downloading', ['queued', 'downloading'], 'running waiting waiting waiting waiting'],
  ['paused', 'paused', ['downloading', 'paused'], 'waiting waiting waiting waiting waiting'],
  ['being verified', 'verifying', ['downloading', 'verifying'], 'running waiting waiting waiting waiting'],
  ['tested', 'testing', ['downloading', 'testing'], 'done running waiting waiting waiting'],
  ['in the shadow', 'testing', ['testing', SELF_TEST], 'done done running waiting waiting'],
  ['on probation', 'testing', ['testing', SELF_TEST, SHADOW, SWITCH], 'done done done done running'],
  ['on probation, the rest untold', 'testing', [SWITCH], 'done done done done running'],
  ['a success', 'success', ['testing', SWITCH, PROBATION, 'success'], 'done done done done done'],
  ['there already', 'already_installed', ['already_installed'], 'skipped skipped skipped skipped skipped'],
  [
    'waiting for quiet',
    'waiting_for_quiet',
    ['downloading', 'verifying', 'waiting_for_quiet'],
    'done waiting waiting waiting waiting',
  ],
  ['kept and not run', 'kept', ['downloading', 'verifying', 'kept'], 'done skipped skipped skipped skipped'],
  ['refused', 'rejected', ['verifying', 'rejected'], 'failed skipped skipped skipped skipped'],
  [
    'worse than its golden frames',
    'failure',
    ['testing', { kind: 'self_test', trials: [] }, 'failure'],
    'done failed skipped skipped skipped',
  ],
  [
    'not to be switched to',
    'failure',
    ['testing', SELF_TEST, SHADOW, 'failure'],
    'done done done failed skipped',
  ],
  [
    'a disappointment',
    'rolled_back',
    ['testing', SELF_TEST, SHADOW, SWITCH, PROBATION, 'rolled_back'],
    'done done done done failed',
  ],
  ['cut short on probation', 'rolled_back', [SELF_TEST, SWITCH, 'rolled_back'], 'done done done done failed'],
];

for (const [name, state, what, expected] of CASES) {
  test(`the steps of an update that is ${name}`, () => {
    const steps = listSteps({ state, changes: told(...what) });
    assert.equal(steps.map((step) => step.state).join(' '), expected);
  });
}

test('a step lasts from the end of the one before', () => {
  const changes = told('queued', 'downloading', 'downloaded', 'testing', SELF_TEST, SHADOW);
  const times = listSteps({ state: 'testing', changes }).map(({ beganMs, endedMs }) => [beganMs, endedMs]);
  assert.deepEqual(times, [
    [1_000, 3_000],
    [3_000, 4_000],
    [4_000, 5_000],
    [5_000, undefined],
    [undefined, undefined],
  ]);
});

test('what a step found last counts', () => {
  const changes = told({ ...SWITCH, framesDropped: 3 }, SWITCH);
  assert.equal(findFindings(changes, 'switch')?.framesDropped, 0);
  assert.equal(findFindings(changes, 'shadow'), undefined);
});
