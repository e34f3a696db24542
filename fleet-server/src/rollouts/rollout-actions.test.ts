import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLLOUT_LIFECYCLE, type RolloutState } from '@watchpost/shared/lifecycle/rollout.ts';
import type { RolloutMember, RolloutRecord } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { ROLLOUT_ACTIONS } from './port.ts';
import { actOnRollout, type RolloutAction } from './rollout-actions.ts';
import { POLICY } from './rollout-samples.ts';

const NOW = 50_000;

const memberOf = (deviceId: string, change: Partial<RolloutMember> = {}): RolloutMember => ({
  deviceId,
  group: 0,
  position: 0,
  attempts: 0,
  isRetried: false,
  isExcused: false,
  restoreAttempts: 0,
  ...change,
});

const inState = (
  deviceId: string,
  state: 'success' | 'failure' | 'downloading',
  change: Partial<RolloutMember> = {},
): RolloutMember =>
  memberOf(deviceId, {
    attempts: 1,
    deploymentId: `of ${deviceId}`,
    orderedAtMs: 1,
    progress: { state, updatedAtMs: 2 },
    ...change,
  });

interface Given extends Partial<RolloutRecord> {
  readonly members?: readonly RolloutMember[];
  readonly groups?: LiveRollout['groups'];
}

function live({ members = [], groups, ...change }: Given = {}): LiveRollout {
  return {
    rollout: {
      ...{ id: 'r', name: 'spring', bundleDigest: 'd', model: 'pets', version: '2', policy: POLICY },
      ...{ groupPlan: { canary: [100] }, seed: 's', priority: 1, requiresApproval: true, why: '' },
      ...{ startsItself: false, state: 'running', createdBy: 'ana', createdAtMs: 1, revision: 1 },
      ...change,
    },
    groups: groups ?? [
      { index: 0, name: 'a', state: 'error' },
      { index: 1, name: 'b', state: 'scheduled' },
    ],
    members: new Map(members.map((member) => [member.deviceId, member])),
  };
}

const act = (given: Given, name: RolloutAction['name'], rest: Partial<RolloutAction> = {}) =>
  actOnRollout(live(given), { name, by: 'ben', ...rest }, NOW);

const MOVES: readonly (readonly [
  name: RolloutAction['name'],
  given: Given,
  states: readonly RolloutState[],
])[] = [
  ['approve', { state: 'waiting_for_approval' }, ['ready']],
  ['approve', { state: 'waiting_for_approval', startsItself: true }, ['ready', 'running']],
  ['approve', { state: 'waiting_for_approval', startAtMs: NOW + 1 }, ['ready', 'scheduled']],
  ['approve', { state: 'waiting_for_approval', startAtMs: NOW }, ['ready', 'running']],
  ['deny', { state: 'waiting_for_approval' }, ['approval_denied']],
  ['start', { state: 'ready' }, ['running']],
  ['start', { state: 'ready', startAtMs: NOW + 1 }, ['scheduled']],
  ['start', { state: 'scheduled', startAtMs: NOW + 1 }, ['running']],
  ['pause', { state: 'running' }, ['paused']],
  ['resume', { state: 'paused' }, ['running']],
  ['stop', { state: 'paused' }, ['stopping']],
  ['stop', { state: 'ready' }, ['stopped']],
  ['rollback', { state: 'finished' }, ['rolling_back']],
  ['rollback', { state: 'stopped' }, ['rolling_back']],
];

for (const [name, given, states] of MOVES) {
  test(`${name} takes a rollout that is ${given.state} through ${states.join(', ')}`, () => {
    const verdict = act(given, name);
    assert.equal(verdict.kind, 'done');
    if (verdict.kind !== 'done') return;
    assert.deepEqual(
      verdict.change.journal.map(({ to, actor }) => [to, actor]),
      states.map((state) => [state, 'ben']),
    );
    assert.equal(verdict.change.rollout.state, states.at(-1));
  });
}

for (const state of Object.keys(ROLLOUT_LIFECYCLE) as RolloutState[]) {
  test(`whatever is done to a rollout that is ${state}, the lifecycle allows it or it is refused`, () => {
    for (const name of ROLLOUT_ACTIONS) requireLegal(state, name);
  });
}

function requireLegal(state: RolloutState, name: RolloutAction['name']): void {
  const verdict = act({ state }, name);
  if (verdict.kind === 'refused') {
    assert.equal(verdict.code, 'ROLLOUT_STATE');
    return;
  }
  let at = state;
  for (const { to } of verdict.change.journal.filter(({ subject }) => subject === 'rollout')) {
    assert.ok(ROLLOUT_LIFECYCLE[at].includes(to as RolloutState), `${name}: ${at} -> ${to}`);
    at = to as RolloutState;
  }
}

test('who made a rollout does not approve it', () => {
  const verdict = act({ state: 'waiting_for_approval' }, 'approve', { by: 'ana' });
  assert.equal(verdict.kind === 'refused' && verdict.code, 'APPROVER_IS_AUTHOR');
});

test('who lets a paused rollout go on has seen its failures: they count no more', () => {
  const members = [inState('a', 'failure'), inState('b', 'success'), inState('c', 'downloading')];
  const verdict = act({ state: 'paused', members }, 'resume', { note: 'a bad cable' });
  assert.ok(verdict.kind === 'done');
  assert.deepEqual(
    verdict.change.members.map(({ deviceId, isExcused }) => [deviceId, isExcused]),
    [['a', true]],
  );
  assert.equal(verdict.change.rollout.why, 'resume by ben, 1 failures excused: a bad cable');
});

test('a group that is skipped is finished, and its failures are excused', () => {
  const verdict = act({ members: [inState('a', 'failure')] }, 'skip-group');
  assert.ok(verdict.kind === 'done');
  assert.deepEqual(verdict.change.groups, [{ index: 0, name: 'a', state: 'finished' }]);
  assert.equal(verdict.change.members[0]?.isExcused, true);
  assert.equal(act({ groups: [{ index: 0, name: 'a', state: 'finished' }] }, 'skip-group').kind, 'refused');
});

test('what failed, was rejected or not reached is tried again as if never ordered', () => {
  const end = { state: 'rejected', reason: 'DEVICE_LOOPING', detail: '' } as const;
  const members = [
    inState('a', 'failure', { isExcused: true, previousDigest: 'old' }),
    inState('b', 'success'),
    inState('c', 'downloading'),
    memberOf('d', { end, group: 1 }),
    memberOf('e'),
  ];
  const retried = (rest: Partial<RolloutAction> = {}) => {
    const verdict = act({ members }, 'retry', rest);
    return verdict.kind === 'done' ? verdict.change.members.map(({ deviceId }) => deviceId) : verdict.kind;
  };
  assert.deepEqual(retried(), ['a', 'd']);
  assert.deepEqual(retried({ group: 2 }), ['d']);
  assert.deepEqual(retried({ devices: ['a', 'b'] }), ['a']);
  assert.equal(retried({ devices: ['b'] }), 'refused');
  const verdict = act({ members }, 'retry', { group: 1 });
  assert.deepEqual(verdict.kind === 'done' && verdict.change.members, [
    memberOf('a', { isRetried: true, previousDigest: 'old' }),
  ]);
});
