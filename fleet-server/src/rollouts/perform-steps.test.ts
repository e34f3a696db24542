import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentRecord, RolloutMember, RolloutRecord } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { NO_ORDERS, type Orders, performSteps } from './perform-steps.ts';
import { POLICY } from './rollout-samples.ts';
import type { RolloutStep } from './rollout-snapshot.ts';

const NOW = 5_000;
const memberOf = (deviceId: string, change: Partial<RolloutMember> = {}): RolloutMember => ({
  ...{ deviceId, group: 0, position: 0, attempts: 0, isRetried: false, isExcused: false, restoreAttempts: 0 },
  ...change,
});
const RUNNING: Partial<RolloutMember> = {
  ...{ attempts: 1, deploymentId: 'first', orderedAtMs: 1, previousDigest: 'old' },
  progress: { state: 'downloading', updatedAtMs: 2 },
};

function live(members: readonly RolloutMember[], change: Partial<RolloutRecord> = {}): LiveRollout {
  return {
    rollout: {
      ...{ id: 'r', name: 'spring', bundleDigest: 'new', model: 'pets', version: '2', policy: POLICY },
      ...{ groupPlan: { canary: [100] }, seed: 's', priority: 5, requiresApproval: false, why: '' },
      ...{ startsItself: false, state: 'running', createdBy: 'ana', createdAtMs: 1, revision: 4 },
      ...change,
    },
    groups: [{ index: 0, name: 'a', state: 'running' }],
    members: new Map(members.map((member) => [member.deviceId, member])),
  };
}

const deployment = (id: string, deviceId: string): DeploymentRecord => ({
  ...{ id, deviceId, bundleDigest: 'new', model: 'pets', version: '2', state: 'pending', order: '' },
  ...{ createdAtMs: NOW, updatedAtMs: NOW },
});
const ordersOf = (change: Partial<Orders>): Orders => ({ ...NO_ORDERS, ...change });
const perform = (rollout: LiveRollout, steps: readonly RolloutStep[], orders = NO_ORDERS) =>
  performSteps(rollout, steps, orders, NOW);

test('a device that is ordered keeps what it ran before', () => {
  const orders = ordersOf({
    deployments: new Map([
      ['a', deployment('d-a', 'a')],
      ['b', deployment('d-b', 'b')],
    ]),
    runningOf: (id) => `what ${id} ran`,
  });
  const failed = memberOf('b', { ...RUNNING, isExcused: true });
  const change = perform(
    live([memberOf('a'), failed]),
    ['a', 'b'].map((deviceId) => ({ kind: 'order', deviceId, attempt: 1 })),
    orders,
  );
  const progress = { state: 'pending', updatedAtMs: NOW } as const;
  assert.deepEqual(change.members, [
    memberOf('a', {
      ...{ attempts: 1, deploymentId: 'd-a', orderedAtMs: NOW, previousDigest: 'what a ran' },
      progress,
    }),
    memberOf('b', {
      ...{ attempts: 2, deploymentId: 'd-b', orderedAtMs: NOW, previousDigest: 'what b ran' },
      progress,
    }),
  ]);
  assert.deepEqual(
    change.deployments.map(({ id }) => id),
    ['d-a', 'd-b'],
  );
  assert.equal(change.rollout.revision, 4, 'the store counts');
});

test('a device that runs this very bundle by now, or does not say what, goes back to what is known of before', () => {
  for (const [running, known, previous] of [
    ['new', 'old', 'old'],
    [undefined, 'old', 'old'],
    ['new', undefined, 'new'],
    [undefined, undefined, undefined],
  ] as const) {
    const orders = ordersOf({
      deployments: new Map([['a', deployment('d-a', 'a')]]),
      runningOf: () => running,
    });
    const given = memberOf('a', known === undefined ? {} : { previousDigest: known });
    const { members } = perform(live([given]), [{ kind: 'order', deviceId: 'a', attempt: 1 }], orders);
    assert.equal(members[0]?.previousDigest, previous);
  }
});

test('a bundle that may not be ordered any more pauses the rollout, once, and says why', () => {
  const refusals = new Map(
    ['a', 'b'].map((id) => [id, { code: 'VERSION_WITHDRAWN', message: 'pets@2 is withdrawn' }]),
  );
  const steps = ['a', 'b'].map((deviceId): RolloutStep => ({ kind: 'order', deviceId, attempt: 1 }));
  const change = perform(live([memberOf('a'), memberOf('b')]), steps, ordersOf({ refusals }));
  assert.equal(change.rollout.state, 'paused');
  assert.equal(change.rollout.why, 'VERSION_WITHDRAWN: pets@2 is withdrawn');
  assert.deepEqual(change.members, []);
  assert.equal(change.journal.length, 1);
});

test('a way back that cannot be ordered is an end of its own', () => {
  const refusals = new Map([['a', { code: 'VERSION_WITHDRAWN', message: 'gone' }]]);
  const rollout = live([memberOf('a', RUNNING)], { state: 'rolling_back' });
  const { members } = perform(
    rollout,
    [{ kind: 'restore', deviceId: 'a', attempt: 1 }],
    ordersOf({ refusals }),
  );
  assert.deepEqual(members, [
    memberOf('a', {
      ...RUNNING,
      restoreAttempts: 1,
      restoreOrderedAtMs: NOW,
      restoreEnd: { state: 'rejected', reason: 'VERSION_WITHDRAWN', detail: 'gone' },
    }),
  ]);
});

test('an end is given to the deployment, or to a device that has none', () => {
  const change = perform(live([memberOf('a', RUNNING), memberOf('b')]), [
    { kind: 'end', deviceId: 'a', to: 'timed_out', code: 'STEP_TIMEOUT', detail: 'silent' },
    { kind: 'end', deviceId: 'b', to: 'rejected', code: 'UNFIT_DISK', detail: 'full' },
  ]);
  assert.deepEqual(change.ends, [
    { deploymentId: 'first', atMs: NOW, state: 'timed_out', reason: 'STEP_TIMEOUT', detail: 'silent' },
  ]);
  const [one, other] = change.members;
  assert.equal(one?.progress?.state, 'timed_out');
  assert.deepEqual(other?.end, { state: 'rejected', reason: 'UNFIT_DISK', detail: 'full' });
  assert.deepEqual(
    change.journal.map(({ deviceId, to, why }) => [deviceId, to, why]),
    [
      ['a', 'timed_out', 'STEP_TIMEOUT: silent'],
      ['b', 'rejected', 'UNFIT_DISK: full'],
    ],
  );
});

test('moves of groups and of the rollout are written down in their order', () => {
  const change = perform(live([]), [
    { kind: 'group', index: 0, to: 'error', why: 'too many failed' },
    { kind: 'rollout', to: 'rolling_back', why: 'group 1: too many failed' },
  ]);
  assert.deepEqual(change.groups, [{ index: 0, name: 'a', state: 'error' }]);
  assert.equal(change.rollout.rollingBackSinceMs, NOW);
  assert.deepEqual(
    change.journal.map(({ subject, group, to }) => [subject, group, to]),
    [
      ['group', 1, 'error'],
      ['rollout', undefined, 'rolling_back'],
    ],
  );
});
