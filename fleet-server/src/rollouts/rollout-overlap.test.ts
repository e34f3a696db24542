import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import fc from 'fast-check';
import type { RolloutMember, RolloutRecord } from '../store/port.ts';
import type { LiveRollout } from './live-rollout.ts';
import { type Claim, countOthersInWork, findClaims, outlasts } from './rollout-overlap.ts';
import { POLICY } from './rollout-samples.ts';

const memberOf = (deviceId: string, change: Partial<RolloutMember> = {}): RolloutMember => ({
  ...{ deviceId, group: 0, position: 0, attempts: 0, isRetried: false, isExcused: false, restoreAttempts: 0 },
  ...change,
});
const inState = (state: DeploymentState, change: Partial<RolloutMember> = {}): RolloutMember =>
  memberOf('box', { attempts: 1, deploymentId: 'd', progress: { state, updatedAtMs: 1 }, ...change });

function live(change: Partial<RolloutRecord>, members: readonly RolloutMember[]): LiveRollout {
  return {
    rollout: {
      ...{ id: 'r', name: 'other', bundleDigest: 'd', model: 'pets', version: '2', policy: POLICY },
      ...{ groupPlan: { canary: [100] }, seed: 's', priority: 5, requiresApproval: false, why: '' },
      ...{ startsItself: false, state: 'running', createdBy: 'ana', createdAtMs: 1, revision: 1 },
      ...change,
    },
    groups: [],
    members: new Map(members.map((member) => [member.deviceId, member])),
  };
}

const OWN = live({ id: 'own', name: 'own', createdAtMs: 10 }, [memberOf('box')]);
const TAKEN: Claim = { takenBy: 'other' };

const CLAIMS: readonly (readonly [
  name: string,
  other: Partial<RolloutRecord>,
  member: RolloutMember,
  claim: Claim | undefined,
])[] = [
  ['a device in work is taken, whoever goes first', { priority: 1 }, inState('testing'), TAKEN],
  [
    'a device that waits for quiet gives way to who goes first',
    { priority: 1 },
    inState('waiting_for_quiet'),
    undefined,
  ],
  ['and is taken for who goes second', { priority: 9 }, inState('waiting_for_quiet'), TAKEN],
  [
    'so it is on its way back, whatever it waited for',
    { priority: 1, state: 'rolling_back' },
    inState('waiting_for_quiet', {
      restoreAttempts: 1,
      restoreProgress: { state: 'queued', updatedAtMs: 1 },
    }),
    TAKEN,
  ],
  ['a bundle that is only kept keeps nobody away', { priority: 9 }, inState('kept'), undefined],
  [
    'a device on its way back is taken',
    { priority: 1, state: 'rolling_back' },
    inState('success', { restoreAttempts: 1, restoreProgress: { state: 'queued', updatedAtMs: 1 } }),
    TAKEN,
  ],
  ['who goes first has the device before it is ordered', { priority: 9 }, memberOf('box'), TAKEN],
  ['of equals the one made later goes first', { createdAtMs: 11 }, memberOf('box'), TAKEN],
  ['the one made earlier does not', { createdAtMs: 9 }, memberOf('box'), undefined],
  ['a paused rollout keeps nobody waiting', { priority: 9, state: 'paused' }, memberOf('box'), undefined],
  ['nor does one that waits for its time', { priority: 9, state: 'scheduled' }, memberOf('box'), undefined],
  ['what goes first and has been there stays', { priority: 9 }, inState('success'), { outrankedBy: 'other' }],
  [
    'so does what goes first and found its bundle there',
    { priority: 9 },
    inState('already_installed'),
    { outrankedBy: 'other' },
  ],
  ['unless it is taken back', { priority: 9, state: 'rolling_back' }, inState('success'), undefined],
  ['where it failed, others may', { priority: 9 }, inState('failure'), undefined],
  ['what went second has no say', { priority: 1 }, inState('success'), undefined],
];

for (const [name, other, member, claim] of CLAIMS) {
  test(`overlap: ${name}`, () =>
    assert.deepEqual(findClaims(OWN, [live(other, [member])]).get('box'), claim));
}

test('a finished rollout goes on to go before those made before it was over, by the rule of those under way', () => {
  const { rollout: own } = OWN;
  const outlives = (change: Partial<RolloutRecord>): boolean =>
    outlasts(live({ state: 'finished', endedAtMs: 20, ...change }, []).rollout, own);
  assert.equal(outlives({ createdAtMs: 11 }), true);
  assert.equal(outlives({ priority: 9 }), true);
  assert.equal(outlives({ priority: 9, endedAtMs: 10 }), false, 'it was over when the other one was made');
  assert.equal(outlives({ createdAtMs: 9 }), false);
  assert.equal(outlives({ priority: 1, createdAtMs: 11 }), false);
});

test('what a finished rollout keeps is claimed beside what those under way claim', () => {
  const claims = findClaims(OWN, [live({}, [inState('testing')])], new Map([['box', 'hotfix']]));
  assert.deepEqual(claims.get('box'), { takenBy: 'other', outrankedBy: 'hotfix' });
});

test('devices of other rollouts in work are counted once, by place', () => {
  const working = (deviceId: string) => memberOf(deviceId, inState('testing', { deviceId }));
  const others = [live({}, [working('a'), working('b'), memberOf('c')]), live({ id: 'x' }, [working('a')])];
  const keyOf = (id: string) => (id === 'a' ? 'gate' : undefined);
  assert.deepEqual(
    [...countOthersInWork(others, keyOf)],
    [
      ['gate', 1],
      ['', 1],
    ],
  );
});

test('of rollouts that all wait for a device one may have it, and never two', () => {
  const rollouts = fc
    .uniqueArray(fc.record({ priority: fc.nat(2), createdAtMs: fc.nat(2), id: fc.nat(9) }), {
      selector: ({ id }) => id,
      minLength: 1,
      maxLength: 6,
    })
    .map((those) => those.map(({ id, ...rest }) => live({ id: `r${id}`, ...rest }, [memberOf('box')])));
  fc.assert(
    fc.property(rollouts, (all) => {
      const free = all.filter(
        (own) =>
          !findClaims(
            own,
            all.filter((other) => other !== own),
          ).has('box'),
      );
      assert.equal(free.length, 1);
    }),
  );
});

test('of a device in work with one rollout no other one may have it', () => {
  const state = fc.constantFrom('pending', 'queued', 'testing', 'paused', 'waiting_for_window');
  const other = fc.record({ priority: fc.nat(9), createdAtMs: fc.nat(20) });
  fc.assert(
    fc.property(state, other, (at, change) => {
      assert.equal(findClaims(OWN, [live(change, [inState(at)])]).get('box')?.takenBy, 'other');
    }),
  );
});
