import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { SHARED_ERRORS } from '@watchpost/shared/kernel/errors.ts';
import { DEPLOYMENT_LIFECYCLE } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance, isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { AGENT_ERRORS } from '../kernel/errors.ts';
import { MAX_TRANSITIONS, MAX_TRIALS, OPEN_PHASES, PHASES, type Phase } from './phases.ts';
import {
  endAfter,
  findDisagreement,
  isPassing,
  isSuperseded,
  type Observed,
  type OrderPlan,
  planOrder,
  planRestart,
  type Restart,
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
const record = (phase: Phase, more: Partial<DeploymentRecord> = {}): DeploymentRecord => ({
  deploymentId: 'd2',
  digest: NEW,
  phase,
  trials: 0,
  transitions: 0,
  ...more,
});
const FAILED = { digest: NEW, code: 'SELFTEST_FAILED', detail: 'cat.bin', deploymentId: 'd1', atMs: 1 };

const plan = (observed: Partial<Observed>, order: Partial<Order> = {}): string =>
  brief(
    planOrder(
      { champion: OLD, deployment: undefined, nowMs: 2_000_000, failed: undefined, ...observed },
      { ...ORDER, ...order },
    ),
  );
function brief(planned: OrderPlan): string {
  if (planned.kind === 'wait') return `wait until ${planned.untilMs}`;
  if (planned.kind === 'resume') return `resume at ${planned.at}`;
  return planned.kind === 'end' ? [planned.phase, planned.why?.reason ?? ''].join(' ').trim() : planned.kind;
}

const TABLE: readonly {
  readonly name: string;
  readonly observed: Partial<Observed>;
  readonly order?: Partial<Order>;
  readonly planned: string;
}[] = [
  { name: 'a new order is begun', observed: {}, planned: 'begin' },
  { name: 'so is the first order of a box', observed: { champion: undefined }, planned: 'begin' },
  {
    name: 'a bundle that runs is not installed',
    observed: { champion: NEW },
    planned: 'already_installed',
  },
  {
    name: 'a success is settled',
    observed: { deployment: record('success'), champion: NEW },
    planned: 'settled',
  },
  { name: 'a failure is settled too', observed: { deployment: record('failure') }, planned: 'settled' },
  {
    name: 'a bundle that got damaged after its success is repaired',
    observed: { deployment: record('success'), champion: undefined },
    planned: 'repair',
  },
  {
    name: 'so is one that was installed already when it was ordered',
    observed: { deployment: record('already_installed'), champion: OLD },
    planned: 'repair',
  },
  {
    name: 'while that one runs it is settled',
    observed: { deployment: record('already_installed'), champion: NEW },
    planned: 'settled',
  },
  {
    name: 'an expired order does not keep a bundle from its repair',
    observed: { deployment: record('success'), nowMs: 9_000_001 },
    planned: 'repair',
  },
  {
    name: 'a restart while downloading goes on from the check',
    observed: { deployment: record('downloading') },
    planned: 'resume at queued',
  },
  {
    name: 'a restart while testing tests again',
    observed: { deployment: record('self_testing') },
    planned: 'resume at self_testing',
  },
  {
    name: 'what is kept is settled, and an order to run it is a new one',
    observed: { deployment: record('kept') },
    planned: 'settled',
  },
  {
    name: 'a restart while it waits for quiet waits on',
    observed: { deployment: record('waiting') },
    planned: 'resume at waiting',
  },
  {
    name: 'an expired order is out of time',
    observed: { nowMs: 9_000_001 },
    planned: 'timed_out ORDER_INVALID',
  },
  {
    name: 'so is an unfinished deployment',
    observed: { nowMs: 9_000_001, deployment: record('downloading') },
    planned: 'timed_out ORDER_INVALID',
  },
  {
    name: 'a clock that cannot be trusted expires nothing',
    observed: { nowMs: undefined },
    planned: 'begin',
  },
  { name: 'an order before its time waits', observed: { nowMs: 600_000 }, planned: 'wait until 700000' },
  { name: 'clocks may differ by five minutes', observed: { nowMs: 700_000 }, planned: 'begin' },
  {
    name: 'what failed here before is refused',
    observed: { failed: FAILED },
    planned: 'rejected BUNDLE_QUARANTINED',
  },
  {
    name: 'unless the order says to try it again',
    observed: { failed: FAILED },
    order: { liftQuarantine: true },
    planned: 'begin',
  },
  {
    name: 'what runs is not refused',
    observed: { champion: NEW, failed: FAILED },
    planned: 'already_installed',
  },
];

for (const { name, observed, order, planned } of TABLE) {
  test(`planOrder: ${name}`, () => assert.equal(plan(observed, order), planned));
}

test('a refusal names what failed, and where', () => {
  const refused = planOrder(
    { champion: OLD, deployment: undefined, nowMs: undefined, failed: FAILED },
    ORDER,
  );
  assert.match(
    refused.kind === 'end' ? (refused.why?.detail ?? '') : '',
    /deployment d1: SELFTEST_FAILED, cat\.bin/,
  );
});

test('an order takes the place of an unfinished deployment, never of its own or of one that ended', () => {
  for (const phase of OPEN_PHASES)
    assert.ok(isSuperseded(record(phase, { deploymentId: 'd1' }), ORDER), phase);
  assert.ok(!isSuperseded(record('probation'), ORDER));
  assert.ok(!isSuperseded(record('success', { deploymentId: 'd1' }), ORDER));
  assert.ok(!isSuperseded(undefined, ORDER));
});

const restart = (found: Partial<Restart>): string => {
  const planned = planRestart({
    record: undefined,
    isOnTrial: false,
    isTakenBack: false,
    isCautious: false,
    ...found,
  });
  if (planned.kind === 'resume') return `resume at ${planned.at}`;
  return planned.kind === 'fail' ? `fail ${planned.why.reason}` : planned.kind;
};
const RESTARTS: readonly (readonly [name: string, found: Partial<Restart>, planned: string])[] = [
  ['a new box has nothing to go on with', {}, 'none'],
  ['a deployment that ended is left alone', { record: record('success') }, 'none'],
  ['a download waits for its order', { record: record('downloading') }, 'none'],
  ['so it does after bad starts', { record: record('downloading'), isCautious: true }, 'none'],
  ['a wait for quiet goes on', { record: record('waiting') }, 'resume at waiting'],
  [
    'so it does after bad starts: nothing was tried',
    { record: record('waiting'), isCautious: true },
    'resume at waiting',
  ],
  [
    'and however often the box restarts',
    { record: record('waiting', { transitions: MAX_TRANSITIONS }) },
    'resume at waiting',
  ],
  ['a self-test is done again', { record: record('self_testing') }, 'resume at self_testing'],
  ['so is a shadow', { record: record('shadowing') }, 'resume at shadowing'],
  ['a switch goes on', { record: record('switching') }, 'resume at switching'],
  ['a probation goes on', { record: record('probation'), isOnTrial: true }, 'resume at probation'],
  ['a model that is committed was a success', { record: record('probation') }, 'succeed'],
  [
    'a model that was taken back is told',
    { record: record('probation'), isTakenBack: true },
    'resume at rolling_back',
  ],
  ['a rollback goes on', { record: record('rolling_back'), isOnTrial: true }, 'resume at rolling_back'],
  [
    'so it does after bad starts',
    { record: record('rolling_back'), isTakenBack: true, isCautious: true },
    'resume at rolling_back',
  ],
  [
    'a trial that takes the agent down is given up',
    { record: record('shadowing', { trials: MAX_TRIALS }) },
    'fail DEPLOYMENT_INTERRUPTED',
  ],
  [
    'before that it is tried again',
    { record: record('shadowing', { trials: MAX_TRIALS - 1 }) },
    'resume at shadowing',
  ],
  [
    'a deployment that goes round in circles is given up',
    { record: record('switching', { transitions: MAX_TRANSITIONS }) },
    'fail DEPLOYMENT_LOOPED',
  ],
  [
    'after bad starts nothing is tried',
    { record: record('self_testing'), isCautious: true },
    'fail DEPLOYMENT_INTERRUPTED',
  ],
];
for (const [name, found, planned] of RESTARTS) {
  test(`planRestart: ${name}`, () => assert.equal(restart(found), planned));
}

test('every end work can come to is one its phase may go to', () => {
  for (const phase of OPEN_PHASES) {
    for (const code of Object.keys({ ...SHARED_ERRORS, ...AGENT_ERRORS })) {
      const { toldAs } = PHASES[phase];
      const end = endAfter(toldAs, code);
      assert.ok(advance(DEPLOYMENT_LIFECYCLE, toldAs, end), `${phase}: ${end}`);
      assert.ok(isTerminal(DEPLOYMENT_LIFECYCLE, end));
    }
  }
});

for (const [state, code, end] of [
  ['queued', 'TARGET_UNKNOWN', 'rejected'],
  ['queued', 'MANIFEST_TOO_NEW', 'rejected'],
  ['queued', 'BUNDLE_UNFIT', 'rejected'],
  ['queued', 'BUNDLE_TOO_BIG', 'rejected'],
  ['queued', 'DEPLOYMENT_STEP_TIMEOUT', 'timed_out'],
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
  assert.ok(!isPassing('self_test', 'INFERENCE_CRASHED'));
  assert.ok(!isPassing('shadow', 'DISK_FULL'));
  assert.ok(isPassing('switch', 'DISK_FULL'));
  assert.ok(!isPassing('switch', 'INFERENCE_CRASHED'));
  assert.ok(!isPassing('watch', 'STORE_FAILED'));
  assert.ok(isPassing('roll_back', 'INFERENCE_CRASHED'), 'there is nothing better');
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
