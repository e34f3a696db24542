import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Store, UserRecord } from '../../fleet-server/src/store/port.ts';
import {
  bundleRecord,
  changeMessage,
  deploymentRecord,
  deviceRecord,
  eventMessage,
  rejectedMessage,
  summaryMessage,
} from '../support/fleet-data.ts';
import { targetingContract } from './targeting-contract.ts';

/** What every store must do. `make` gives an empty store; each test uses devices of its own. */
export function storeContract(name: string, make: () => Promise<Store>): void {
  describe(`${name} as store`, () => {
    let store: Store;
    before(async () => {
      store = await make();
    });
    after(() => store.close());

    deviceContract(() => store);
    bundleContract(() => store);
    deploymentContract(() => store);
    targetingContract(() => store);
    reportContract(() => store);
    progressContract(() => store);
    accountContract(() => store);
  });
}

async function enrol(store: Store, id: string): Promise<void> {
  await store.devices.addToken({ tokenSha256: `token of ${id}`, createdAtMs: 1, expiresAtMs: 2 });
  assert.equal(await store.devices.enrol(deviceRecord(id), `token of ${id}`), true);
}

function deviceContract(at: () => Store): void {
  test('a device enrolled with a token is found, and the token names it', async () => {
    const { devices } = at();
    await enrol(at(), 'enrolled');
    assert.deepEqual(await devices.find('enrolled'), deviceRecord('enrolled'));
    assert.equal((await devices.findToken('token of enrolled'))?.usedBy, 'enrolled');
    assert.ok((await devices.list()).some(({ id }) => id === 'enrolled'));
    assert.equal(await devices.find('nobody'), undefined);
    assert.equal(await devices.findToken('nothing'), undefined);
  });

  test('the same device and key may use its token again, with a new secret', async () => {
    await enrol(at(), 'again');
    const renewed = deviceRecord('again', 'another secret');
    assert.equal(await at().devices.enrol(renewed, 'token of again'), true);
    assert.deepEqual(await at().devices.find('again'), renewed);
  });

  test('a used token enrols no other device and no other key', async () => {
    await enrol(at(), 'owner');
    assert.equal(await at().devices.enrol(deviceRecord('thief'), 'token of owner'), false);
    const otherKey = { ...deviceRecord('owner'), fingerprint: 'f'.repeat(64) };
    assert.equal(await at().devices.enrol(otherKey, 'token of owner'), false);
    assert.equal(await at().devices.enrol(deviceRecord('thief'), 'no token'), false);
    assert.deepEqual(await at().devices.find('owner'), deviceRecord('owner'));
    assert.equal(await at().devices.find('thief'), undefined);
  });

  test('when two devices race for one token, one is enrolled', async () => {
    const { devices } = at();
    await devices.addToken({ tokenSha256: 'raced', createdAtMs: 1, expiresAtMs: 2 });
    const won = await Promise.all(['race-a', 'race-b'].map((id) => devices.enrol(deviceRecord(id), 'raced')));
    assert.deepEqual(won.sort(), [false, true]);
  });
}

function bundleContract(at: () => Store): void {
  test('a bundle is found by digest and by version; adding it again is no error', async () => {
    const bundle = bundleRecord('2.0.0');
    await at().bundles.add(bundle);
    await at().bundles.add(bundle);
    assert.deepEqual(await at().bundles.find(bundle.digest), bundle);
    assert.deepEqual(await at().bundles.findVersion('petpark', '2.0.0'), bundle);
    assert.equal(await at().bundles.findVersion('petpark', '9'), undefined);
    assert.equal((await at().bundles.list()).filter(({ digest }) => digest === bundle.digest).length, 1);
  });

  test('a version is never given to other content', async () => {
    const bundle = bundleRecord('2.1.0');
    await at().bundles.add(bundle);
    await assert.rejects(at().bundles.add({ ...bundle, digest: 'e'.repeat(64) }), { code: 'VERSION_TAKEN' });
  });
}

function deploymentContract(at: () => Store): void {
  test('the latest deployment of a device is the one added last', async () => {
    await enrol(at(), 'deployed');
    await enrol(at(), 'never-deployed');
    const bundle = bundleRecord('3.0.0');
    await at().bundles.add(bundle);
    const [first, second] = ['one', 'two'].map((id) =>
      deploymentRecord(id, bundle, { deviceId: 'deployed' }),
    );
    assert.ok(first && second);
    await at().deployments.add(first);
    await at().deployments.add(second);
    assert.deepEqual(await at().deployments.latest('deployed'), second);
    assert.equal(await at().deployments.latest('never-deployed'), undefined);
    const all = await at().deployments.latestOfAll();
    assert.deepEqual(
      all.filter(({ deviceId }) => deviceId === 'deployed'),
      [second],
    );
  });
}

function reportContract(at: () => Store): void {
  test('a batch is stored, and its cursors say up to where', async () => {
    const { reports } = at();
    const before = await reports.countEvents();
    const batch = [
      eventMessage(1, { deviceId: 'r1' }),
      eventMessage(2, { deviceId: 'r1' }),
      summaryMessage(1, 50, { deviceId: 'r1' }),
    ];
    const result = await reports.commit(batch, 9_000);
    assert.deepEqual(result.fresh, batch);
    assert.deepEqual(
      result.cursors.map(({ deviceId, stream, upTo }) => [deviceId, stream, upTo]),
      [
        ['r1', 'event', 2],
        ['r1', 'telemetry', 1],
      ],
    );
    assert.equal((await reports.countEvents()) - before, 2);
    const [newest] = await reports.events({ deviceId: 'r1', limit: 10 });
    assert.equal(newest?.seq, 2);
    assert.equal(newest?.receivedAtMs, 9_000);
    assert.equal(newest?.camera, 'door');
  });

  test('what was stored is not stored again, and still receipted', async () => {
    const { reports } = at();
    await reports.commit([eventMessage(1, { deviceId: 'r2' })], 1);
    const again = await reports.commit([eventMessage(1, { deviceId: 'r2' })], 2);
    assert.deepEqual(again.fresh, []);
    assert.equal(again.cursors[0]?.upTo, 1);
    assert.equal((await reports.events({ deviceId: 'r2', limit: 10 })).length, 1);
  });

  test('the cursor stops at a gap and goes on when the gap closes', async () => {
    const { reports } = at();
    const commit = async (...seqs: readonly number[]) =>
      (
        await reports.commit(
          seqs.map((seq) => eventMessage(seq, { deviceId: 'r3' })),
          1,
        )
      ).cursors[0]?.upTo;
    assert.equal(await commit(1, 3, 4), 1);
    assert.equal(await commit(3), 1);
    assert.equal(await commit(6), 1);
    assert.equal(await commit(2), 4);
    assert.equal(await commit(5), 6);
    assert.equal((await reports.events({ deviceId: 'r3', limit: 10 })).length, 6);
  });

  test('the cursor does not wait for numbers the box no longer holds', async () => {
    const { cursors } = await at().reports.commit([eventMessage(9, { deviceId: 'r4', firstSeq: 9 })], 1);
    assert.equal(cursors[0]?.upTo, 9);
  });

  test('epochs are numbered apart', async () => {
    const { reports } = at();
    await reports.commit([eventMessage(1, { deviceId: 'r5' })], 1);
    const other = await reports.commit([eventMessage(1, { deviceId: 'r5', epoch: '00000000000000bb' })], 1);
    assert.equal(other.fresh.length, 1);
    assert.equal((await reports.events({ deviceId: 'r5', limit: 10 })).length, 2);
  });

  test('a rejected message is kept aside under its number', async () => {
    const { reports } = at();
    const result = await reports.commit(
      [rejectedMessage(1, { deviceId: 'r6' }), eventMessage(2, { deviceId: 'r6' })],
      1,
    );
    assert.equal(result.cursors[0]?.upTo, 2);
    assert.deepEqual(
      result.fresh.map(({ body }) => body.seq),
      [2],
    );
  });

  test('events are paged from the newest, by device and camera', async () => {
    const { reports } = at();
    const batch = [1, 2, 3, 4].map((seq) =>
      eventMessage(seq, { deviceId: 'r7', camera: seq % 2 === 0 ? 'yard' : 'door' }),
    );
    await reports.commit(batch, 1);
    const page = await reports.events({ deviceId: 'r7', limit: 2 });
    assert.deepEqual(
      page.map(({ seq }) => seq),
      [4, 3],
    );
    const before = page.at(-1)?.rowId ?? 0;
    const next = await reports.events({ deviceId: 'r7', limit: 2, before });
    assert.deepEqual(
      next.map(({ seq }) => seq),
      [2, 1],
    );
    const yard = await reports.events({ deviceId: 'r7', camera: 'yard', limit: 9 });
    assert.deepEqual(
      yard.map(({ seq }) => seq),
      [4, 2],
    );
  });

  test('telemetry gives the newest summaries, oldest first', async () => {
    const { reports } = at();
    await reports.commit(
      [10, 20, 30, 40].map((tsMs, index) => summaryMessage(index + 1, tsMs, { deviceId: 'r8' })),
      1,
    );
    const samples = await reports.telemetry('r8', 15, 2);
    assert.deepEqual(
      samples.map(({ tsMs }) => tsMs),
      [30, 40],
    );
  });

  test('an empty batch is no error', async () => {
    assert.deepEqual(await at().reports.commit([], 1), { cursors: [], fresh: [], moved: [] });
  });

  test('batches committed at the same time store each message once', async () => {
    const { reports } = at();
    const batch = [1, 2, 3].map((seq) => eventMessage(seq, { deviceId: 'r9' }));
    const results = await Promise.all(
      [batch, batch, [...batch].reverse()].map((it) => reports.commit(it, 1)),
    );
    assert.equal(results.flatMap(({ fresh }) => fresh).length, 3);
  });
}

function progressContract(at: () => Store): void {
  const deploy = async (id: string): Promise<void> => {
    await enrol(at(), id);
    const bundle = bundleRecord('4.0.0');
    await at().bundles.add(bundle);
    await at().deployments.add(deploymentRecord(`deployment of ${id}`, bundle, { deviceId: id }));
  };
  const report = (id: string, ...changes: readonly (readonly [number, DeploymentState])[]) =>
    at().reports.commit(
      changes.map(([seq, state]) =>
        changeMessage(seq, state, { deviceId: id, deploymentId: `deployment of ${id}`, reason: 'TEST' }),
      ),
      5_000,
    );
  const stateOf = async (id: string) => (await at().deployments.latest(id))?.state;

  test('changes of a batch move a deployment in the order of their numbers', async () => {
    await deploy('p1');
    const { moved } = await report('p1', [3, 'downloaded'], [1, 'queued'], [2, 'downloading']);
    assert.deepEqual(
      moved.map(({ deviceId, state, reason, updatedAtMs }) => [deviceId, state, reason, updatedAtMs]),
      [['p1', 'downloaded', 'TEST', 5_000]],
    );
    assert.deepEqual(await at().deployments.latest('p1'), moved[0]);
  });

  test('a change that comes late is told, and the deployment stands where it stood', async () => {
    await deploy('p2');
    await report('p2', [1, 'queued'], [3, 'downloaded']);
    const { moved } = await report('p2', [2, 'downloading']);
    assert.deepEqual(
      moved.map(({ state }) => state),
      ['downloaded'],
    );
    assert.equal(await stateOf('p2'), 'downloaded');
  });

  test('nothing leads out of an end', async () => {
    await deploy('p3');
    await report('p3', [1, 'success']);
    await report('p3', [2, 'failure'], [3, 'downloading']);
    assert.equal(await stateOf('p3'), 'success');
  });

  test("a device cannot move another device's deployment", async () => {
    await deploy('p4');
    const foreign = changeMessage(1, 'success', { deviceId: 'p5', deploymentId: 'deployment of p4' });
    assert.deepEqual((await at().reports.commit([foreign], 1)).moved, []);
    assert.equal(await stateOf('p4'), 'pending');
  });

  test('a change of an unknown deployment is stored all the same', async () => {
    const { fresh } = await at().reports.commit([changeMessage(1, 'success', { deviceId: 'p6' })], 1);
    assert.equal(fresh.length, 1);
  });
}

function accountContract(at: () => Store): void {
  const addUser = (name: string, roles: UserRecord['roles']): Promise<void> =>
    at().accounts.addUser({ name, roles, passwordHash: 'one', isDisabled: false, createdAtMs: 1 });
  const sessionOf = (user: string) => ({ tokenSha256: `session of ${user}`, user, expiresAtMs: 99 });
  const tokenOf = (user: string) => ({
    ...({
      id: `id of ${user}`,
      tokenSha256: `token of ${user}`,
      user,
      role: 'viewer',
      description: 'd',
    } as const),
    ...{ createdAtMs: 1, expiresAtMs: 99 },
  });
  const openAccess = async (user: string): Promise<void> => {
    await at().accounts.addSession(sessionOf(user));
    await at().apiTokens.add(tokenOf(user));
  };
  const hasAccess = async (user: string): Promise<readonly boolean[]> => [
    (await at().accounts.findSession(`session of ${user}`)) !== undefined,
    (await at().apiTokens.find(`token of ${user}`)) !== undefined,
  ];

  test('a user is added once, found and listed', async () => {
    await addUser('root', ['admin']);
    assert.equal((await at().accounts.findUser('root'))?.passwordHash, 'one');
    assert.equal(await at().accounts.findUser('nobody'), undefined);
    await assert.rejects(addUser('root', ['viewer']), { code: 'USER_EXISTS' });
    assert.deepEqual((await at().accounts.findUser('root'))?.roles, ['admin']);
    assert.ok((await at().accounts.listUsers()).some(({ name }) => name === 'root'));
  });

  test('a session and a token come with the roles of their user, until they are deleted', async () => {
    await addUser('vera', ['qa', 'viewer']);
    await openAccess('vera');
    const roles = ['qa', 'viewer'];
    assert.deepEqual(await at().accounts.findSession('session of vera'), { ...sessionOf('vera'), roles });
    await at().apiTokens.markUsed('id of vera', 7);
    const used = { ...tokenOf('vera'), lastUsedAtMs: 7 };
    assert.deepEqual(await at().apiTokens.find('token of vera'), { ...used, userRoles: roles });
    assert.deepEqual(await at().apiTokens.list(), [used]);
    await at().accounts.deleteSession('session of vera');
    assert.deepEqual(await at().apiTokens.delete('id of vera'), used);
    assert.equal(await at().apiTokens.delete('id of vera'), undefined);
    assert.deepEqual(await hasAccess('vera'), [false, false]);
  });

  test('a new password and disabling end sessions and tokens; other changes do not', async () => {
    await addUser('olga', ['operator']);
    await openAccess('olga');
    await at().accounts.changeUser('olga', { roles: ['viewer'] });
    assert.deepEqual(await hasAccess('olga'), [true, true]);
    await at().accounts.setPasswordHash('olga', 'two');
    assert.deepEqual(await hasAccess('olga'), [false, false]);
    await openAccess('olga');
    const disabled = await at().accounts.changeUser('olga', { isDisabled: true });
    assert.deepEqual(
      [disabled?.isDisabled, disabled?.roles, disabled?.passwordHash],
      [true, ['viewer'], 'two'],
    );
    assert.deepEqual(await hasAccess('olga'), [false, false]);
    await at().accounts.addSession(sessionOf('olga'));
    assert.deepEqual(await hasAccess('olga'), [false, false]);
    await at().accounts.changeUser('olga', { isDisabled: false });
    assert.deepEqual(await hasAccess('olga'), [true, false]);
    assert.equal(await at().accounts.changeUser('nobody', { isDisabled: true }), undefined);
  });

  test('the last admin stays one', async () => {
    for (const change of [{ isDisabled: true }, { roles: ['qa', 'operator'] as const }])
      await assert.rejects(at().accounts.changeUser('root', change), { code: 'LAST_ADMIN' });
    assert.equal((await at().accounts.findUser('root'))?.isDisabled, false);
    await addUser('second', ['admin']);
    assert.deepEqual((await at().accounts.changeUser('root', { roles: ['viewer'] }))?.roles, ['viewer']);
  });

  test('sessions that are over are deleted', async () => {
    await at().accounts.addSession({ tokenSha256: 'over', user: 'second', expiresAtMs: 50 });
    await at().accounts.addSession({ tokenSha256: 'not over', user: 'second', expiresAtMs: 51 });
    await at().accounts.deleteSessionsUntil(50);
    assert.equal(await at().accounts.findSession('over'), undefined);
    assert.notEqual(await at().accounts.findSession('not over'), undefined);
  });
}
