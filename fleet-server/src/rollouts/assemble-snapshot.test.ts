import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentRecord, RolloutMember, RolloutRecord } from '../store/port.ts';
import type { TargetDevice } from '../targeting/port.ts';
import { assembleSnapshot, LOOP_FAILURES, type Outlook } from './assemble-snapshot.ts';
import { POLICY } from './rollout-samples.ts';
import type { Member } from './rollout-snapshot.ts';

const NOW = 10_000_000;
const OWN_DIGEST = 'new';

const memberOf = (change: Partial<RolloutMember> = {}): RolloutMember => ({
  ...{ deviceId: 'box', group: 0, position: 0, attempts: 0 },
  ...{ isRetried: false, isExcused: false, restoreAttempts: 0 },
  ...change,
});
const failed = (reason: string, change: Partial<RolloutMember> = {}): RolloutMember =>
  memberOf({
    ...{ attempts: 1, deploymentId: 'own', orderedAtMs: 1, previousDigest: 'old' },
    progress: { state: 'failure', reason, updatedAtMs: 2 },
    ...change,
  });
const deployment = (change: Partial<DeploymentRecord>): DeploymentRecord => ({
  ...{ id: 'own', deviceId: 'box', bundleDigest: OWN_DIGEST, model: 'pets', version: '3', state: 'testing' },
  ...{ order: '', createdAtMs: 1, updatedAtMs: NOW },
  ...change,
});
const foreign = (change: Partial<DeploymentRecord>): DeploymentRecord =>
  deployment({ id: 'foreign', bundleDigest: 'foreign', ...change });
const HERE = { isAccepted: true, isConnected: true, lastSeenMs: NOW - 5 } as const;
const SOFT = { policy: { ...POLICY, type: 'soft' } } as const;
const TARGET: TargetDevice = {
  ...{ id: 'box', state: 'accepted', connection: 'ready', site: 'bcn-1', tags: [], groups: [] },
  attrs: { gate: 3 },
};

function assemble(
  member: RolloutMember,
  outlook: Partial<Outlook> = {},
  change: Partial<RolloutRecord> = {},
): Member {
  const rollout: RolloutRecord = {
    ...{ id: 'r', name: 'spring', bundleDigest: OWN_DIGEST, model: 'pets', version: '2', policy: POLICY },
    ...{ groupPlan: { canary: [100] }, seed: 's', priority: 5, requiresApproval: false, why: '' },
    ...{ startsItself: false, state: 'running', createdBy: 'ana', createdAtMs: 1, revision: 1 },
    ...change,
  };
  const nothing = { unfit: undefined, failures: 0, claim: undefined, window: {} };
  const [assembled] = assembleSnapshot({
    live: { rollout, groups: [], members: new Map([['box', member]]) },
    outlookOf: () => ({ standing: HERE, target: TARGET, ...nothing, ...outlook }),
    ...{ verdicts: [], otherInWork: new Map(), nowMs: NOW, listeningSinceMs: 0, graceMs: 100 },
  }).members;
  assert.ok(assembled);
  return assembled;
}

const budget = (groupBy: string): Partial<RolloutRecord> => ({
  policy: { ...POLICY, disruptionBudget: { groupBy, maxUnavailable: 1 } },
});

const FACTS: readonly (readonly [name: string, found: Member, expected: Partial<Member>])[] = [
  [
    'a device nobody ordered anything waits, and is here',
    assemble(memberOf()),
    { state: 'pending', isConnected: true, isGone: false, hasPrevious: false, mayRetry: false },
  ],
  [
    'a device that went away just now is expected back for a while',
    assemble(memberOf(), { standing: { ...HERE, isConnected: false } }),
    { isConnected: false, expectedUntilMs: NOW + 95 },
  ],
  ['a device nobody knows is gone', assemble(memberOf(), { standing: undefined }), { isGone: true }],
  [
    'so is one that is not accepted any more',
    assemble(memberOf(), { standing: { ...HERE, isAccepted: false } }),
    { isGone: true },
  ],
  ['a budget by site groups by it', assemble(memberOf(), {}, budget('site')), { budgetKey: 'bcn-1' }],
  ['a budget by attribute does too', assemble(memberOf(), {}, budget('attrs.gate')), { budgetKey: '3' }],
  ['what may pass may be tried again', assemble(failed('DOWNLOAD_FAILED')), { mayRetry: true }],
  ['what is the fault of the model is not', assemble(failed('SELFTEST_FAILED')), { mayRetry: false }],
  [
    'silence may pass',
    assemble(failed('', { progress: { state: 'timed_out', updatedAtMs: 2 } })),
    { mayRetry: true, state: 'timed_out' },
  ],
  [
    'a device that fails in a loop is tried no more',
    assemble(failed('DOWNLOAD_FAILED'), { failures: LOOP_FAILURES }),
    { mayRetry: false, state: 'failure' },
  ],
  [
    'nor ordered anything',
    assemble(memberOf(), { failures: LOOP_FAILURES }),
    {
      unfit: {
        code: 'DEVICE_LOOPING',
        detail: '3 deployments failed on it within a day; `rollout retry` tries it all the same',
      },
    },
  ],
  [
    'a person may have it tried all the same, but not what does not fit',
    assemble(memberOf({ isRetried: true }), {
      failures: 9,
      unfit: { code: 'UNFIT_DISK', detail: 'full' },
    }),
    { unfit: { code: 'UNFIT_DISK', detail: 'full' } },
  ],
  [
    'a device at work on the order of somebody else is taken',
    assemble(memberOf(), { standing: { ...HERE, deployment: deployment({ id: 'foreign' }) } }),
    { takenBy: 'the order of pets@3' },
  ],
  [
    'a device with a way back can go it',
    assemble(failed('X'), { standing: { ...HERE, deployment: deployment({}) } }),
    { hasPrevious: true },
  ],
  [
    'not when it was ordered something else since',
    assemble(failed('X'), {
      standing: { ...HERE, deployment: foreign({ state: 'success' }) },
    }),
    { hasPrevious: false },
  ],
  [
    'nor while it is at work on that',
    assemble(failed('X'), { standing: { ...HERE, deployment: foreign({ state: 'testing' }) } }),
    { hasPrevious: false },
  ],
  [
    'but it can when that came to nothing',
    assemble(failed('X'), { standing: { ...HERE, deployment: foreign({ state: 'rolled_back' }) } }),
    { hasPrevious: true },
  ],
  [
    'or brought it this very bundle',
    assemble(failed('X'), {
      standing: { ...HERE, deployment: foreign({ state: 'success', bundleDigest: OWN_DIGEST }) },
    }),
    { hasPrevious: true },
  ],
  [
    'nor when it ran this very bundle before',
    assemble(failed('X', { previousDigest: OWN_DIGEST })),
    { hasPrevious: false },
  ],
  [
    'a device that has not said what its agent carries out is not here for a soft order',
    assemble(memberOf(), {}, SOFT),
    { isConnected: false },
  ],
  [
    'one whose agent carries them out is',
    assemble(memberOf(), { standing: { ...HERE, orderTypes: ['forced', 'soft'] } }, SOFT),
    { isConnected: true },
  ],
  [
    'one whose agent does not is unfit, also when a person asks',
    assemble(memberOf({ isRetried: true }), { standing: { ...HERE, orderTypes: ['forced'] } }, SOFT),
    {
      unfit: {
        code: 'UNFIT_AGENT',
        detail: 'its agent carries out no orders of type soft: update it',
      },
    },
  ],
  [
    'a way back that cannot be ordered is not tried again',
    assemble(
      failed('X', {
        restoreAttempts: 1,
        restoreOrderedAtMs: 7,
        restoreEnd: { state: 'rejected', reason: 'VERSION_WITHDRAWN', detail: '' },
      }),
    ),
    { restore: { state: 'rejected', attempts: 1, orderedAtMs: 7, mayRetry: false } },
  ],
];

for (const [name, found, expected] of FACTS) {
  test(`snapshot: ${name}`, () => {
    const keys = Object.keys(expected) as (keyof Member)[];
    assert.deepEqual(Object.fromEntries(keys.map((key) => [key, found[key]])), expected);
  });
}

test('the order of somebody else that came to nothing holds nobody up', () => {
  for (const change of [
    { state: 'success' as const },
    { state: 'waiting_for_quiet' as const },
    { updatedAtMs: NOW - POLICY.stepTimeoutMinutes * 60_000 },
  ]) {
    const standing = { ...HERE, deployment: deployment({ id: 'foreign', ...change }) };
    assert.equal(assemble(memberOf(), { standing }).takenBy, undefined);
  }
});
