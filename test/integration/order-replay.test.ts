import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { parsePayload } from '@watchpost/shared/topics.ts';
import type { MqttClient } from 'mqtt';
import { createDirector } from '../../fleet-server/src/rollouts/director.ts';
import { createJwsOrderSigner } from '../../fleet-server/src/rollouts/jws-order-signer.ts';
import type { Director } from '../../fleet-server/src/rollouts/port.ts';
import { createFakeArtifactSource } from '../support/fake-artifact-source.ts';
import { connectDevice, FLEET, nextMessage, topicOf } from '../support/mqtt-device.ts';
import { openReportServer, type ReportServer } from '../support/report-server.ts';
import { makeBundle, makeBytes, type TestBundle } from '../support/test-bundle.ts';
import { trustOf } from '../support/test-order.ts';
import { createUpdatedBox, DIRECTOR, type UpdatedBox } from '../support/updated-box.ts';

const DEVICE = 'gate-3';
const [V1, V2] = [1, 2].map((seed) =>
  makeBundle({
    version: `${seed}.0.0`,
    files: { 'model.onnx': makeBytes(20_000, seed) },
  }),
) as [TestBundle, TestBundle];

let folder = '';
let server: ReportServer;
let director: Director;
let client: MqttClient;
let box: UpdatedBox;

/** A director on a real broker, and a box that hears its orders over MQTT. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-replay-'));
  server = await openReportServer({ path: join(folder, 'fleet.db'), devices: [DEVICE] });
  for (const bundle of [V1, V2])
    await server.store.bundles.add({ ...bundle, state: 'released', createdAtMs: 1 });
  director = createDirector({
    sign: createJwsOrderSigner(DIRECTOR.privateKey),
    store: server.store,
    broker: server.broker,
    projection: server.fleet,
    trust: trustOf([V1, V2]),
    nowMs: Date.now,
    newId: randomUUID,
  });
  const source = createFakeArtifactSource();
  for (const bundle of [V1, V2]) source.publish(bundle);
  box = await createUpdatedBox({ dataDir: join(folder, 'box'), source });
  for (const bundle of [V1, V2]) await box.release(bundle);
  client = await connectDevice(server.broker.port, DEVICE);
  client.on('message', (_topic, payload) => box.updater.onDesired(parsePayload('desiredModel', payload)));
  await client.subscribeAsync(topicOf(DEVICE, 'desiredModel'), { qos: 1 });
});
afterEach(async () => {
  await client.endAsync();
  await box.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** @returns the signed order, carried out */
async function deploy(bundle: TestBundle, end = 'success'): Promise<string> {
  const { id, order } = await director.deploy(DEVICE, bundle.digest);
  await box.reached(id, end);
  return order;
}

/** Whoever writes to the broker retains an order of before. */
async function replay(order: string): Promise<void> {
  const heard = nextMessage(client);
  await server.broker.publish('desiredModel', { fleet: FLEET, device: DEVICE }, { order });
  await heard;
}

test('every order of a device has a higher counter, whatever the clock says', async () => {
  const counters = [];
  for (const atLeast of [1000, 5, 5, 2000, 1]) {
    counters.push(await server.store.deployments.takeOrderCounter(DEVICE, atLeast));
  }
  assert.deepEqual(counters, [1000, 1001, 1002, 2000, 2001]);
  assert.equal(await server.store.deployments.takeOrderCounter('box-9', 7), 7);
});

test('orders given at the same time are stored in the order of their counters', async () => {
  const given = await Promise.all([V1, V2, V1].map(({ digest }) => director.deploy(DEVICE, digest)));
  assert.equal((await server.store.deployments.latest(DEVICE))?.id, given.at(-1)?.id);
  await box.reached(given.at(-1)?.id ?? '', 'success');
});

const MOMENTS: readonly (readonly [when: string, then: () => Promise<void>])[] = [
  ['while the agent runs', async () => undefined],
  ['after the agent was started again', () => box.restart()],
  ['after the agent was killed', () => box.crash()],
  [
    'after its records of deployments were damaged',
    async () => {
      await box.stop();
      await writeFile(join(folder, 'box', 'deployment.json'), '{"deploymentId":');
      await box.restart();
    },
  ],
];

for (const [when, then] of MOMENTS) {
  test(`an old order replayed ${when} changes nothing; the next honest one is carried out`, async () => {
    const old = await deploy(V1);
    await deploy(V2);
    await then();
    await replay(old);
    await deploy(V2, 'already_installed');
    assert.equal(box.running(), V2.digest);
    assert.equal(box.statesOf(deploymentOf(old)).filter((state) => state === 'queued').length, 1);
  });
}

test('going back to an older model is a new order, and no replay', async () => {
  await deploy(V1);
  await deploy(V2);
  await deploy(V1);
  assert.equal(box.running(), V1.digest);
});

test('the retained order told again at a new connection is done once', async () => {
  const order = await deploy(V1);
  await box.restart();
  await replay(order);
  await deploy(V2);
  assert.equal(box.changesOf(deploymentOf(order)).filter(({ state }) => state === 'success').length, 1);
});

const deploymentOf = (order: string): string =>
  (JSON.parse(Buffer.from(order.split('.')[1] ?? '', 'base64url').toString()) as { deploymentId: string })
    .deploymentId;
