import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RolloutChange, RolloutWhole, Store } from '../../fleet-server/src/store/port.ts';
import { bundleRecord, changeMessage, deploymentRecord, deviceRecord } from '../support/fleet-data.ts';
import { rolloutMember, rolloutWhole } from '../support/rollout-data.ts';

const BUNDLE = bundleRecord('9.0.0');
const ENTRY = { atMs: 5, actor: 'planner', subject: 'rollout', to: 'running', why: 'a test' } as const;

/** What every store must do for rollouts. `make` gives an empty store; each test has a rollout of its own. */
export function rolloutStoreContract(name: string, make: () => Promise<Store>): void {
  describe(`${name} as store of rollouts`, () => {
    let store: Store;
    before(async () => {
      store = await make();
      await store.bundles.add(BUNDLE);
    });
    after(() => store.close());
    const at = (): Store => store;
    rolloutContract(at);
    memberContract(at);
    leaseContract(at);
    counterContract(at);
  });
}

async function addDevice(store: Store, id: string): Promise<void> {
  await store.devices.save(deviceRecord(id));
}

const stepOf = (whole: RolloutWhole, change: Partial<RolloutChange> = {}): RolloutChange => ({
  rollout: whole.rollout,
  groups: [],
  members: [],
  deployments: [],
  ends: [],
  journal: [],
  ...change,
});

function rolloutContract(at: () => Store): void {
  test('a rollout comes back as it was added, with its groups and devices in their order', async () => {
    const whole = rolloutWhole('r1', BUNDLE, {
      rollout: { filter: 'tag:x', startAtMs: 3, requiresApproval: true, startsItself: true },
      groups: [
        { index: 0, name: 'canary', state: 'soaking', soakingSinceMs: 9 },
        { index: 1, name: 'rest', state: 'scheduled' },
      ],
      members: [rolloutMember('b', 0), rolloutMember('a', 1, { group: 1 })],
    });
    await at().rollouts.add(whole, [ENTRY]);
    assert.deepEqual(await at().rollouts.load('r1'), whole);
    assert.deepEqual(await at().rollouts.find('r1'), whole.rollout);
    assert.deepEqual(await at().rollouts.groups('r1'), whole.groups);
    assert.deepEqual(await at().rollouts.journal({ rolloutId: 'r1', after: 0, limit: 9 }), [
      { seq: 1, ...ENTRY },
    ]);
    assert.equal(await at().rollouts.load('none'), undefined);
  });

  test('a step is stored whole, and counts', async () => {
    const whole = rolloutWhole('r2', BUNDLE, { members: [rolloutMember('r2-a', 0)] });
    await addDevice(at(), 'r2-a');
    await at().rollouts.add(whole, [ENTRY]);
    const deployment = deploymentRecord('r2-d', BUNDLE, { deviceId: 'r2-a' });
    const rollout = { ...whole.rollout, state: 'paused' as const, why: 'enough' };
    const member = rolloutMember('r2-a', 0, {
      attempts: 1,
      deploymentId: 'r2-d',
      orderedAtMs: 4,
      previousDigest: 'c'.repeat(64),
    });
    const stored = await at().rollouts.apply(
      stepOf(whole, {
        rollout,
        groups: [{ index: 0, name: 'all', state: 'running' }],
        members: [member, rolloutMember('r2-late', 1)],
        deployments: [deployment],
        journal: [{ ...ENTRY, subject: 'device', deviceId: 'r2-a', group: 1, to: 'ordered' }],
      }),
    );
    assert.equal(stored, true);
    const { state, updatedAtMs } = deployment;
    assert.deepEqual(await at().rollouts.load('r2'), {
      rollout: { ...rollout, revision: 2 },
      groups: [{ index: 0, name: 'all', state: 'running' }],
      members: [{ ...member, progress: { state, updatedAtMs } }, rolloutMember('r2-late', 1)],
    });
    assert.deepEqual(await at().deployments.latest('r2-a'), deployment);
    const [, entry] = await at().rollouts.journal({ rolloutId: 'r2', after: 0, limit: 9 });
    assert.equal(entry?.seq, 2);
    assert.equal(entry?.deviceId, 'r2-a');
  });

  test('a step made on the strength of an older state is refused whole', async () => {
    const whole = rolloutWhole('r3', BUNDLE);
    await at().rollouts.add(whole, []);
    assert.equal(await at().rollouts.apply(stepOf(whole)), true);
    const late = stepOf(whole, { members: [rolloutMember('x', 0)], journal: [ENTRY] });
    assert.equal(await at().rollouts.apply(late), false);
    assert.deepEqual((await at().rollouts.load('r3'))?.members, []);
    assert.deepEqual(await at().rollouts.journal({ rolloutId: 'r3', after: 0, limit: 9 }), []);
  });

  test('rollouts are listed from the newest, and by state from the oldest', async () => {
    for (const id of ['l1', 'l2', 'l3'])
      await at().rollouts.add(rolloutWhole(id, BUNDLE, { rollout: { state: 'stopping' } }), []);
    const first = await at().rollouts.list({ limit: 2 });
    assert.deepEqual(
      first.rollouts.map(({ id }) => id),
      ['l3', 'l2'],
    );
    assert.ok(first.next !== undefined);
    const second = await at().rollouts.list({ before: first.next, limit: 1 });
    assert.equal(second.rollouts[0]?.id, 'l1');
    const stopping = await at().rollouts.listIn(['stopping']);
    assert.deepEqual(
      stopping.map(({ id }) => id),
      ['l1', 'l2', 'l3'],
    );
  });

  test('rollouts that finished since are listed', async () => {
    for (const [id, state, endedAtMs] of [
      ['e1', 'finished', 70_001],
      ['e2', 'finished', 70_000],
      ['e3', 'rolled_back', 70_002],
      ['e4', 'finished', 70_002],
    ] as const)
      await at().rollouts.add(rolloutWhole(id, BUNDLE, { rollout: { state, endedAtMs } }), []);
    const since = await at().rollouts.finishedSince(70_000);
    assert.deepEqual(
      since.map(({ id }) => id),
      ['e1', 'e4'],
    );
  });
}

function memberContract(at: () => Store): void {
  const report = (deviceId: string, deploymentId: string, seq: number, state: 'downloading' | 'success') =>
    at().reports.commit([changeMessage(seq, state, { deviceId, deploymentId })], 7_000 + seq);

  test('a device stands where its deployment stands; a late word takes back what the server made of silence', async () => {
    const member = rolloutMember('m-a', 0, { attempts: 1, deploymentId: 'm-d', orderedAtMs: 4 });
    const whole = rolloutWhole('m1', BUNDLE, { members: [member] });
    await addDevice(at(), 'm-a');
    await at().rollouts.add(whole, []);
    await at().deployments.add(deploymentRecord('m-d', BUNDLE, { deviceId: 'm-a' }));
    await report('m-a', 'm-d', 1, 'downloading');
    const stateOf = async () => (await at().rollouts.load('m1'))?.members[0]?.progress?.state;
    assert.equal(await stateOf(), 'downloading');
    const end = { state: 'timed_out', reason: 'STEP_TIMEOUT', detail: 'silent' } as const;
    await at().rollouts.apply(stepOf(whole, { ends: [{ deploymentId: 'm-d', atMs: 9_000, ...end }] }));
    assert.equal(await stateOf(), 'timed_out');
    await report('m-a', 'm-d', 2, 'downloading');
    assert.equal(await stateOf(), 'timed_out');
    await report('m-a', 'm-d', 3, 'success');
    assert.equal(await stateOf(), 'success');
    const rollout = { ...whole.rollout, revision: 2 };
    await at().rollouts.apply(
      stepOf(whole, { rollout, ends: [{ deploymentId: 'm-d', atMs: 9_000, ...end }] }),
    );
    assert.equal(await stateOf(), 'success');
  });

  test('devices are paged, by group and state, and counted by how they stand', async () => {
    const rejected = { state: 'rejected', reason: 'UNFIT_DISK', detail: 'full' } as const;
    const members = [
      rolloutMember('n-a', 0, { end: rejected }),
      rolloutMember('n-b', 1),
      rolloutMember('n-c', 2, { group: 1 }),
      rolloutMember('n-d', 3, { group: 1, restoreEnd: rejected, restoreAttempts: 1, isExcused: true }),
    ];
    await at().rollouts.add(rolloutWhole('n1', BUNDLE, { members }), []);
    const list = async (query: object) =>
      (await at().rollouts.members({ rolloutId: 'n1', after: -1, limit: 9, ...query })).map(
        ({ deviceId }) => deviceId,
      );
    assert.deepEqual(await list({ limit: 2 }), ['n-a', 'n-b']);
    assert.deepEqual(await list({ after: 1 }), ['n-c', 'n-d']);
    assert.deepEqual(await list({ group: 1, state: 'pending' }), ['n-c', 'n-d']);
    assert.deepEqual(await list({ state: 'rejected' }), ['n-a']);
    assert.deepEqual((await at().rollouts.standings('n1')).toSorted(byName), [
      { group: 0, state: 'pending', isOrdered: false, isExcused: false, devices: 1 },
      { group: 0, state: 'rejected', isOrdered: false, isExcused: false, devices: 1 },
      { group: 1, state: 'pending', isOrdered: false, isExcused: false, devices: 1 },
      {
        ...{ group: 1, state: 'pending', isOrdered: false, isExcused: true },
        ...{ restoreState: 'rejected', devices: 1 },
      },
    ]);
  });

  test('of devices that are named those are told that stand where is asked, however many are named', async () => {
    const members = ['s-a', 's-b', 's-c', 's-d'].map((id, position) =>
      rolloutMember(id, position, id === 's-d' ? {} : { attempts: 1, deploymentId: `of ${id}` }),
    );
    await at().rollouts.add(rolloutWhole('s1', BUNDLE, { members }), []);
    for (const [deviceId, state] of [
      ['s-a', 'success'],
      ['s-b', 'failure'],
      ['s-c', 'already_installed'],
    ] as const) {
      await addDevice(at(), deviceId);
      await at().deployments.add(deploymentRecord(`of ${deviceId}`, BUNDLE, { deviceId, state }));
    }
    const strangers = Array.from({ length: 50_000 }, (_, index) => `stranger-${index}`);
    const ask = (ids: readonly string[], ...states: ('success' | 'already_installed' | 'failure')[]) =>
      at().rollouts.whoStands('s1', ids, states);
    assert.deepEqual(await ask(['s-a', 's-b', 's-c', 's-d', ...strangers], 'success', 'already_installed'), [
      's-a',
      's-c',
    ]);
    assert.deepEqual(await ask(['s-b', 's-c'], 'success', 'failure'), ['s-b']);
    assert.deepEqual(await ask([], 'success'), []);
  });

  test('failures are counted by device', async () => {
    await addDevice(at(), 'f-a');
    for (const [id, state] of [
      ['f1', 'failure'],
      ['f2', 'rolled_back'],
      ['f3', 'success'],
    ] as const)
      await at().deployments.add(
        deploymentRecord(id, BUNDLE, { deviceId: 'f-a', state, updatedAtMs: 50_000 }),
      );
    assert.equal((await at().rollouts.failuresSince(50_000)).get('f-a'), 2);
    assert.equal((await at().rollouts.failuresSince(50_001)).get('f-a'), undefined);
  });
}

const byName = (one: object, other: object): number => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);

function leaseContract(at: () => Store): void {
  test('a lease belongs to one at a time, until it gives it back or it is over', async () => {
    const take = (owner: string, atMs: number) => at().leases.take('lead', owner, atMs, 100);
    assert.equal(await take('a', 0), true);
    assert.equal(await take('b', 99), false);
    assert.equal(await take('a', 50), true);
    assert.equal(await take('b', 149), false);
    assert.equal(await take('b', 150), true);
    await at().leases.release('lead', 'a');
    assert.equal(await take('a', 151), false);
    await at().leases.release('lead', 'b');
    assert.equal(await take('a', 151), true);
  });

  test('a lease taken by a clock that was far ahead does not hold for ever', async () => {
    assert.equal(await at().leases.take('ahead', 'a', 1_000_000, 100), true);
    assert.equal(await at().leases.take('ahead', 'b', 10, 100), true);
  });
}

function counterContract(at: () => Store): void {
  test('counters of many orders grow as those of one do', async () => {
    assert.deepEqual(await at().deployments.takeOrderCounters(['c-a', 'c-b', 'c-a'], 10), [10, 10, 11]);
    assert.equal(await at().deployments.takeOrderCounter('c-a', 10), 12);
    assert.deepEqual(await at().deployments.takeOrderCounters(['c-a'], 50), [50]);
  });
}
