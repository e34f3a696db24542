import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { DEPLOYMENT_LIFECYCLE, DEPLOYMENT_STATES } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance, isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import {
  endAfter,
  findDisagreement,
  isPassing,
  MAX_TRIALS,
  type Observed,
  planDeployment,
  type Step,
} from './plan.ts';
import type { DeploymentRecord } from './port.ts';

const OLD = 'a'.repeat(64);
const NEW = 'b'.repeat(64);
const ORDER: Order = {
  deviceId: 'gate-3',
  deploymentId: 'd2',
  target: 'models/pets/2.0.0',
  sha256: NEW,
  length: 900,
  releaseCounter: 7,
  counter: 1,
  notBeforeMs: 1_000_000,
  expiresMs: 9_000_000,
  nonce: '0123456789abcdef',
};
const record = (
  state: DeploymentRecord['state'],
  more: Partial<DeploymentRecord> = {},
): DeploymentRecord => ({
  deploymentId: 'd2',
  digest: NEW,
  state,
  trials: 0,
  ...more,
});
const activeOn = (digest: string): Observed['active'] => ({ digest, deploymentId: 'd1' });

const plan = (observed: Partial<Observed>): readonly string[] =>
  planDeployment({ active: activeOn(OLD), deployment: undefined, nowMs: 2_000_000, ...observed }, ORDER).map(
    brief,
  );
function brief(step: Step): string {
  if (step.kind === 'work') return step.work;
  if (step.kind === 'wait') return `wait until ${step.untilMs}`;
  const { deployment, state, reason } = step;
  return `${deployment.deploymentId} ${state}${reason === undefined ? '' : ` ${reason}`}`;
}

const WHOLE_WAY = [
  'd2 queued',
  'check',
  'd2 downloading',
  'download',
  'd2 downloaded',
  'd2 verifying',
  'verify',
  'd2 installing',
  'install',
  'd2 testing',
  'activate',
  'd2 success',
];
const QUIETLY = ['check', 'download', 'verify', 'install', 'activate'];

const TABLE: readonly {
  readonly name: string;
  readonly observed: Partial<Observed>;
  readonly steps: readonly string[];
}[] = [
  { name: 'a new order goes the whole way', observed: {}, steps: WHOLE_WAY },
  { name: 'so does the first order of a box', observed: { active: undefined }, steps: WHOLE_WAY },
  {
    name: 'a bundle that runs is not installed',
    observed: { active: activeOn(NEW) },
    steps: ['d2 already_installed'],
  },
  {
    name: 'an unfinished deployment is aborted for the new one',
    observed: { deployment: record('downloading', { deploymentId: 'd1', digest: OLD }) },
    steps: ['d1 aborted', ...WHOLE_WAY],
  },
  {
    name: 'a finished deployment is left alone',
    observed: { deployment: record('success', { deploymentId: 'd1', digest: OLD }) },
    steps: WHOLE_WAY,
  },
  {
    name: 'a success is settled',
    observed: { deployment: record('success'), active: activeOn(NEW) },
    steps: [],
  },
  { name: 'a failure is settled too', observed: { deployment: record('failure') }, steps: [] },
  {
    name: 'a bundle that got damaged after its success is repaired without a word',
    observed: { deployment: record('success'), active: undefined },
    steps: QUIETLY,
  },
  {
    name: 'an expired order does not keep a bundle from its repair',
    observed: { deployment: record('success'), nowMs: 9_000_001 },
    steps: QUIETLY,
  },
  {
    name: 'a restart while downloading goes on there',
    observed: { deployment: record('downloading') },
    steps: ['check', 'download', ...WHOLE_WAY.slice(4)],
  },
  {
    name: 'a restart while testing tests again',
    observed: { deployment: record('testing', { trials: MAX_TRIALS - 1 }) },
    steps: [...QUIETLY, 'd2 success'],
  },
  {
    name: 'a restart between switch and report only reports',
    observed: { deployment: record('testing'), active: activeOn(NEW) },
    steps: ['d2 success'],
  },
  {
    name: 'a model that keeps taking the agent down is given up',
    observed: { deployment: record('testing', { trials: MAX_TRIALS }) },
    steps: ['d2 failure DEPLOYMENT_INTERRUPTED'],
  },
  {
    name: 'an expired order is out of time',
    observed: { nowMs: 9_000_001 },
    steps: ['d2 timed_out ORDER_INVALID'],
  },
  {
    name: 'so is an unfinished deployment',
    observed: { nowMs: 9_000_001, deployment: record('downloading') },
    steps: ['d2 timed_out ORDER_INVALID'],
  },
  {
    name: 'a clock that cannot be trusted expires nothing',
    observed: { nowMs: undefined },
    steps: WHOLE_WAY,
  },
  { name: 'an order before its time waits', observed: { nowMs: 600_000 }, steps: ['wait until 700000'] },
  { name: 'clocks may differ by five minutes', observed: { nowMs: 700_000 }, steps: WHOLE_WAY },
];

for (const { name, observed, steps } of TABLE) {
  test(`planDeployment: ${name}`, () => {
    assert.deepEqual(plan(observed), steps);
  });
}

test('from whatever state it resumes, a plan enters states in the order of the lifecycle', () => {
  for (const state of DEPLOYMENT_STATES) {
    const resumed = planDeployment(
      { active: activeOn(OLD), deployment: record(state), nowMs: 2_000_000 },
      ORDER,
    );
    let at = state;
    for (const step of resumed.filter((it) => it.kind === 'enter')) {
      assert.ok(advance(DEPLOYMENT_LIFECYCLE, at, step.state), `${state}: ${at} -> ${step.state}`);
      at = step.state;
    }
    assert.ok(isTerminal(DEPLOYMENT_LIFECYCLE, at), `${state} ends in ${at}`);
  }
});

for (const [state, code, end] of [
  ['queued', 'TARGET_UNKNOWN', 'rejected'],
  ['queued', 'MANIFEST_TOO_NEW', 'rejected'],
  ['queued', 'BUNDLE_UNFIT', 'rejected'],
  ['queued', 'BUNDLE_FILE_MISSING', 'noartifact'],
  ['downloading', 'BUNDLE_FILE_MISSING', 'noartifact'],
  ['downloading', 'BUNDLE_DIGEST_MISMATCH', 'failure'],
  ['downloading', 'TARGET_UNKNOWN', 'failure'],
  ['verifying', 'TARGET_UNKNOWN', 'rejected'],
  ['testing', 'SELFTEST_FAILED', 'failure'],
  ['testing', 'BUNDLE_UNFIT', 'failure'],
] as const) {
  test(`${code} while ${state} ends in ${end}`, () => {
    assert.equal(endAfter(state, code), end);
  });
}

test('network and disk pass; what a model does in its test does not', () => {
  assert.ok(isPassing('download', 'DISK_FULL'));
  assert.ok(isPassing('check', 'SERVER_UNREACHABLE'));
  assert.ok(!isPassing('download', 'BUNDLE_DIGEST_MISMATCH'));
  assert.ok(!isPassing('activate', 'INFERENCE_CRASHED'));
  assert.ok(!isPassing('activate', 'DISK_FULL'));
});

test('an order and a manifest agree in target, length and release counter', () => {
  const manifest = { model: 'pets', version: '2.0.0', releaseCounter: 7 } as Manifest;
  assert.equal(findDisagreement(ORDER, manifest, 900), undefined);
  assert.match(
    findDisagreement(ORDER, { ...manifest, version: '2.0.1' }, 900) ?? '',
    /models\/pets\/2\.0\.1/,
  );
  assert.match(findDisagreement(ORDER, { ...manifest, releaseCounter: 6 }, 900) ?? '', /release counter 6/);
  assert.match(findDisagreement(ORDER, manifest, 901) ?? '', /901 bytes/);
});
