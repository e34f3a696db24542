import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { DeploymentHistoryPage } from '@watchpost/shared/api/deployments.ts';
import { ROLLED_BACK } from '../support/deployment-samples.ts';
import { bundleRecord, changeMessage, deploymentRecord, deviceRecord } from '../support/fleet-data.ts';
import { fleetctl } from '../support/fleetctl.ts';
import { makeDevice } from '../support/http-data.ts';
import { createHttpWorld, DEVICE, type HttpWorld } from '../support/http-world.ts';

const bundle = bundleRecord('1.3.0');
const REASON = 'PROBATION_FAILED';
let world: HttpWorld;
let cookie = '';
beforeEach(async () => {
  world = await createHttpWorld();
  cookie = await world.login();
  const { store } = world;
  await store.devices.addToken({ tokenSha256: 't', createdAtMs: 1, expiresAtMs: 2 });
  await store.devices.enrol(deviceRecord(DEVICE), 't');
  await store.bundles.add(bundle);
});
afterEach(() => world.close());

const get = (query = '', device = DEVICE) =>
  world.app.inject({ url: `/api/v1/devices/${device}/deployments${query}`, headers: { cookie } });
const order = (payload: object) =>
  world.app.inject({
    method: 'POST',
    url: `/api/v1/devices/${DEVICE}/deployments`,
    headers: { cookie },
    payload,
  });

/** What `fleetctl` prints when it speaks with the world. */
async function run(...args: readonly string[]) {
  return fleetctl(args, await world.listen());
}

async function deployAndRollBack(id: string): Promise<void> {
  await world.store.deployments.add(deploymentRecord(id, bundle, { deviceId: DEVICE }));
  const batch = ROLLED_BACK.map(({ state, ...told }, at) =>
    changeMessage(at + 1, state, { deviceId: DEVICE, deploymentId: id, epoch: `${id}`.repeat(16), ...told }),
  );
  await world.store.reports.commit(batch.toReversed(), 9_000);
}

test('a deployment is shown with all its device told, in the order in which it happened', async () => {
  await deployAndRollBack('a');
  const reply = await get();
  assert.equal(reply.statusCode, 200);
  const { deployments, next } = reply.json<DeploymentHistoryPage>();
  const [deployment] = deployments;
  assert.ok(deployment !== undefined && next === undefined);
  assert.deepEqual(
    [deployment.version, deployment.state, deployment.reason, deployment.createdAtMs, deployment.updatedAtMs],
    ['1.3.0', 'rolled_back', REASON, 800, 9_000],
  );
  assert.deepEqual(
    deployment.changes,
    ROLLED_BACK.map((told, at) => ({ ...told, tsMs: 1_001 + at, receivedAtMs: 9_000, historical: false })),
  );
  assert.ok(!reply.body.includes('header.payload'), 'the order is not shown');
});

test('what the device knew of its clock is shown with each change that has it', async () => {
  await world.store.deployments.add(deploymentRecord('a', bundle, { deviceId: DEVICE }));
  const about = { deviceId: DEVICE, deploymentId: 'a' };
  const told = [
    changeMessage(1, 'queued', { ...about, clockState: 'behind' }),
    changeMessage(2, 'downloading', about),
  ];
  await world.store.reports.commit(told, 9_000);
  const { deployments } = (await get()).json<DeploymentHistoryPage>();
  assert.deepEqual(
    deployments[0]?.changes.map(({ state, clockState }) => [state, clockState]),
    [
      ['queued', 'behind'],
      ['downloading', undefined],
    ],
  );
});

test('deployments come newest first, page by page', async () => {
  for (const id of ['a', 'b', 'c']) await deployAndRollBack(id);
  const first = (await get('?limit=2')).json<DeploymentHistoryPage>();
  assert.deepEqual(
    first.deployments.map(({ id }) => id),
    ['c', 'b'],
  );
  const second = (await get(`?limit=2&before=${first.next}`)).json<DeploymentHistoryPage>();
  assert.deepEqual([second.deployments.map(({ id }) => id), second.next], [['a'], undefined]);
});

test('an unknown device, wrong pages and nobody are told apart', async () => {
  assert.equal((await get('', 'box-9')).statusCode, 404);
  for (const query of ['?limit=0', '?limit=21', '?before=0', '?since=1'])
    assert.equal((await get(query)).json().code, 'REQUEST_INVALID', query);
  const nobody = await world.app.inject({ url: `/api/v1/devices/${DEVICE}/deployments` });
  assert.equal(nobody.json().code, 'LOGIN_REQUIRED');
});

test('a device that was never ordered anything has an empty page', async () => {
  assert.deepEqual((await get()).json(), { deployments: [] });
  assert.match((await run('device', 'deployments', DEVICE)).out, /box-1 was never ordered/);
});

test('the API document describes the page', async () => {
  const { paths } = (await world.app.inject({ url: '/docs/json', headers: { cookie } })).json();
  const { schema } =
    paths['/api/v1/devices/{id}/deployments'].get.responses['200'].content['application/json'];
  assert.ok(schema.properties.deployments.items.properties.changes);
});

test('an order to try again what failed is passed on and audited', async () => {
  const bundleDigest = 'a'.repeat(64);
  assert.equal((await order({ bundleDigest, liftQuarantine: true })).statusCode, 201);
  assert.equal((await order({ bundleDigest })).statusCode, 201);
  const out = await run('device', 'deploy', DEVICE, '--bundle', bundleDigest, '--retry-failed');
  assert.equal(out.status, 0, out.error);
  assert.deepEqual(
    world.orders.map(({ liftQuarantine }) => liftQuarantine),
    [true, false, true],
  );
  const entries = await world.audit.list({ afterSeq: 0, limit: 100 });
  const ordered = entries.filter(({ action }) => action === 'deployment.ordered');
  assert.deepEqual(
    ordered.map(({ details }) => details.liftQuarantine),
    [true, undefined, true],
  );
  assert.equal((await order({ bundleDigest, liftQuarantine: 'yes' })).json().code, 'REQUEST_INVALID');
});

test('fleetctl tells the timeline in words and tables of at most 100 columns', async () => {
  await deployAndRollBack('a');
  const { out, error } = await run('device', 'deployments', DEVICE);
  assert.equal(error, '');
  for (const part of [
    /^petpark@1\.3\.0 rolled back \(PROBATION_FAILED: latency p95 96\.4 ms, limit 60 ms\)$/m,
    /^1970-01-01T00:00:00Z {2}ordered$/m,
    /testing, self-test: int8-u8s8 with 2 threads chosen, 2 of 4 passed$/m,
    /^ +VARIANT +THREADS +P50 +P95 +MEMORY +RESULT$/m,
    /^ +int8-u8s8 +2 +18\.4 ms +22\.1 ms +131 MB +chosen$/m,
    /^ +int8-s8s8 with 2 threads: SELFTEST_FAILED: golden frame cat-3\.png/m,
    /^ +not on cuda: the library is not there$/m,
    /shadow: 480 frames in 60 s, same label on 97\.9 %$/m,
    /^ +challenger +p50 18\.6 ms, p95 23\.0 ms$/m,
    /^ +challenger failed on 0 frames, ran 25\.0 % of the time, confidence -0\.012$/m,
    /^ +cat +none +7$/m,
    /switch: 0 frames dropped, took 12\.5 ms$/m,
    /probation of 600 s: failed latency$/m,
    /^ +latency +96\.4 ms +60\.0 ms +failed$/m,
    /^ +temperature +61\.5 °C +80\.0 °C +passed$/m,
    /^ +pace +97\.0 % +80\.0 % +passed$/m,
    /^ +event rate +1\.31 x usual +3\.00 x usual +passed$/m,
    /^ +agent restarts +- +- +not judged$/m,
    /rolled back, took 840 ms, bundle 3f3f3f3f3f3f runs/m,
  ])
    assert.match(out, part);
  assert.deepEqual(
    out.split('\n').filter((line) => line.length > 100),
    [],
  );
});

test('fleetctl shows what runs, what was wanted, and why it is not what runs', async () => {
  await deployAndRollBack('a');
  const [history] = (await world.store.deployments.page({ deviceId: DEVICE, limit: 1 })).deployments;
  assert.ok(history !== undefined);
  const { order: _order, deviceId: _device, changes: _changes, createdAtMs: _at, ...deployment } = history;
  const activeBundle = { model: 'petpark', version: '1.2.0', digest: '3f'.repeat(32), variant: 'fp32' };
  world.fleet.set(makeDevice(DEVICE, { activeBundle, deployment }));
  const { out } = await run('device', 'show', DEVICE);
  assert.match(
    out,
    /^box-1 is ready\n {2}model +petpark@1\.2\.0, variant fp32\n {2}wanted +petpark@1\.3\.0, rolled back \(PROBATION_FAILED/,
  );
  assert.match(out, /probation of 600 s: failed latency/);
  assert.deepEqual(
    out.split('\n').filter((line) => line.length > 100),
    [],
  );
});

test('what a device says does not steer the terminal', async () => {
  await world.store.deployments.add(deploymentRecord('a', bundle, { deviceId: DEVICE }));
  const told = { deviceId: DEVICE, deploymentId: 'a', reason: 'BAD', detail: '\u001b[2Jgone' };
  await world.store.reports.commit([changeMessage(1, 'failure', told)], 9_000);
  const { out } = await run('device', 'deployments', DEVICE);
  assert.ok(!out.includes('\u001b') && out.includes('gone'), out);
});
