import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Store, UserRecord } from '../../fleet-server/src/store/port.ts';
import { bundleRecord, deploymentRecord, deviceRecord } from '../support/fleet-data.ts';
import { progressContract, reportContract } from './report-store-contract.ts';
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
