import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { Kysely, SqliteDialect } from 'kysely';
import { MIGRATIONS, migrate } from '../../fleet-server/src/store/migrate.ts';
import type { DurableMessage, Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { ROLLED_BACK } from '../support/deployment-samples.ts';
import { bundleRecord, changeMessage, deploymentRecord, deviceRecord } from '../support/fleet-data.ts';

let folder = '';
let store: Store;
const bundle = bundleRecord();
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-deployments-'));
  store = await openSqliteStore(join(folder, 'fleet.db'));
  await store.bundles.add(bundle);
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

let boxes = 0;
/** A new box with one deployment, named for it. */
async function orderOne(): Promise<string> {
  boxes += 1;
  const deviceId = `box-${boxes}`;
  await store.devices.addToken({ tokenSha256: deviceId, createdAtMs: 1, expiresAtMs: 2 });
  await store.devices.enrol(deviceRecord(deviceId), deviceId);
  await store.deployments.add(deploymentRecord(`to ${deviceId}`, bundle, { deviceId }));
  return deviceId;
}

const toMessage = (deviceId: string, at: number): DurableMessage => {
  const { state, ...told } = ROLLED_BACK[at] ?? { state: 'pending' };
  return changeMessage(at + 1, state, { deviceId, deploymentId: `to ${deviceId}`, ...told });
};

/** What the server makes of it, but for the times at which it learned of it. */
async function readView(deviceId: string): Promise<unknown> {
  const { deployments } = await store.deployments.page({ deviceId, limit: 10 });
  return deployments.map(({ id, deviceId: _device, updatedAtMs: _updated, changes, ...deployment }) => {
    assert.equal(id, `to ${deviceId}`);
    const told = changes.map(({ deploymentId: _deployment, receivedAtMs: _received, ...change }) => change);
    return { ...deployment, changes: told };
  });
}

/** How many changes get through, then batches of them in any order, some of them twice. */
const deliveries = fc.integer({ min: 0, max: ROLLED_BACK.length }).chain((length) => {
  const all = Array.from({ length }, (_, at) => at);
  return fc
    .tuple(
      fc.shuffledSubarray(all, { minLength: length }),
      fc.array(fc.nat({ max: Math.max(0, length - 1) })),
    )
    .chain(([once, again]) => {
      const sent = length === 0 ? [] : [...once, ...again];
      return fc.tuple(fc.constant(length), fc.array(fc.nat({ max: 4 })), fc.constant(sent));
    });
});

test('however often and in whatever order changes come, the server sees what the box did', async () => {
  await fc.assert(
    fc.asyncProperty(deliveries, async ([length, cuts, sent]) => {
      const inOrder = await orderOne();
      const mixed = await orderOne();
      for (let at = 0; at < length; at += 1) await store.reports.commit([toMessage(inOrder, at)], 1);
      const rest = [...sent];
      for (const size of [...cuts, rest.length]) {
        const batch = rest.splice(0, size).map((at) => toMessage(mixed, at));
        await store.reports.commit(batch, 2);
      }
      assert.deepEqual(await readView(mixed), await readView(inOrder));
      const expected = ROLLED_BACK[length - 1]?.state ?? 'pending';
      assert.equal((await store.deployments.latest(mixed))?.state, expected);
    }),
    { numRuns: 60 },
  );
});

test('a box with a new disk numbers anew, and what it tells then comes after what it told before', async () => {
  const deviceId = await orderOne();
  const own = { deviceId, deploymentId: `to ${deviceId}` };
  await store.reports.commit([changeMessage(7, 'testing', { ...own, epoch: 'ffffffffffffffff' })], 1);
  await store.reports.commit([changeMessage(6, 'installing', { ...own, epoch: 'ffffffffffffffff' })], 1);
  const anew = { ...own, epoch: '0000000000000001' };
  await store.reports.commit([changeMessage(2, 'failure', { ...anew, reason: 'STORE_FAILED' })], 1);
  await store.reports.commit([changeMessage(1, 'testing', anew)], 1);
  const page = await store.deployments.page({ deviceId, limit: 1 });
  assert.deepEqual(
    page.deployments[0]?.changes.map(({ state }) => state),
    ['installing', 'testing', 'testing', 'failure'],
  );
  assert.equal(page.deployments[0]?.state, 'failure');
  assert.equal(page.deployments[0]?.reason, 'STORE_FAILED');
});

test('deployments are paged from the newest; what another device tells of them is not among them', async () => {
  const deviceId = await orderOne();
  for (const id of ['second', 'third'])
    await store.deployments.add(deploymentRecord(id, bundle, { deviceId }));
  await store.reports.commit([changeMessage(1, 'success', { deviceId: 'liar', deploymentId: 'third' })], 1);
  const first = await store.deployments.page({ deviceId, limit: 2 });
  assert.deepEqual(
    first.deployments.map(({ id, state, changes }) => [id, state, changes]),
    [
      ['third', 'pending', []],
      ['second', 'pending', []],
    ],
  );
  assert.ok(first.next !== undefined);
  const second = await store.deployments.page({ deviceId, limit: 2, before: first.next });
  assert.deepEqual(
    second.deployments.map(({ id }) => id),
    [`to ${deviceId}`],
  );
  assert.equal(second.next, undefined);
});

test('a box that tells without end does not fill the page, and the deployment stands where it ends', async () => {
  const deviceId = await orderOne();
  const own = { deviceId, deploymentId: `to ${deviceId}` };
  const shown = async () => (await store.deployments.page({ deviceId, limit: 1 })).deployments[0];
  const many = Array.from({ length: 150 }, (_, index) => changeMessage(index + 1, 'downloading', own));
  await store.reports.commit(many, 1);
  assert.equal((await shown())?.changes.length, 100);
  const long = Array.from({ length: 8 }, (_, index) =>
    changeMessage(151 + index, 'testing', { ...own, detail: 'x'.repeat(200_000) }),
  );
  await store.reports.commit([...long, changeMessage(159, 'failure', { ...own, reason: 'LAST' })], 1);
  const deployment = await shown();
  assert.deepEqual([deployment?.state, deployment?.reason], ['failure', 'LAST']);
  assert.deepEqual(
    deployment?.changes.map(({ state }) => state),
    ['testing', 'testing', 'failure'],
  );
});

test('the changes of an older database keep their states', async () => {
  const path = join(folder, 'older.db');
  const file = new Database(path);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: file }) });
  await migrate(db, Object.fromEntries(Object.entries(MIGRATIONS).filter(([number]) => Number(number) < 8)));
  const { body } = toMessage('box-1', 8);
  file
    .prepare(
      `insert into deployment_changes (device_id, epoch, seq, body, received_at_ms, deployment_id)
       values ('box-1', '00000000000000aa', 9, ?, 1, 'to box-1')`,
    )
    .run(JSON.stringify(body));
  await db.destroy();
  const upgraded = await openSqliteStore(path);
  await upgraded.devices.addToken({ tokenSha256: 't', createdAtMs: 1, expiresAtMs: 2 });
  await upgraded.devices.enrol(deviceRecord('box-1'), 't');
  await upgraded.bundles.add(bundle);
  await upgraded.deployments.add(deploymentRecord('to box-1', bundle, { deviceId: 'box-1' }));
  const [change] = await upgraded.deployments.runChanges('box-1');
  assert.equal(change?.findings?.kind, 'switch');
  await upgraded.close();
});
