import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createJwsOrderReader } from '../../agent/src/update/jws-order.ts';
import { createDirector } from '../../fleet-server/src/rollouts/director.ts';
import { loadDirectorKey } from '../../fleet-server/src/rollouts/file-director-key.ts';
import { createJwsOrderSigner } from '../../fleet-server/src/rollouts/jws-order-signer.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import { connectDevice, nextMessage, topicOf } from '../support/mqtt-device.ts';
import { openReportServer, type ReportServer } from '../support/report-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpost-director-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the director's key", () => {
  test('is made once, readable by its owner only', async () => {
    const path = join(folder, 'keys', 'director.pem');
    const made = await loadDirectorKey(path);
    const loaded = await loadDirectorKey(path);
    assert.equal(loaded.publicKeyPem, made.publicKeyPem);
    assert.match(made.publicKeyPem, /BEGIN PUBLIC KEY/);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('a file that is no key, or of another kind, is named and left alone', async () => {
    const path = join(folder, 'bad.pem');
    writeFileSync(path, 'no key');
    await assert.rejects(loadDirectorKey(path), { code: 'FILE_UNREADABLE', message: /bad\.pem/ });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await assert.rejects(loadDirectorKey(path), { code: 'FILE_UNREADABLE', message: /not an Ed25519/ });
  });
});

describe('the director', () => {
  const path = join(folder, 'fleet.db');
  const bundle = bundleRecord();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let server: ReportServer;
  const open = () => openReportServer({ path, devices: ['box-1', 'box-2'] });
  const directorOf = ({ store, broker, fleet }: ReportServer, nowMs = 1e12) =>
    createDirector({
      sign: createJwsOrderSigner(privateKey),
      store,
      broker,
      projection: fleet,
      nowMs: () => nowMs,
      newId: randomUUID,
    });
  const hearOrder = async (id: string): Promise<string> => {
    const client = await connectDevice(server.broker.port, id);
    const [{ body }] = await Promise.all([
      nextMessage(client),
      client.subscribeAsync(topicOf(id, 'desiredModel'), { qos: 1 }),
    ]);
    await client.endAsync();
    return (body as { order: string }).order;
  };

  before(async () => {
    server = await open();
    await server.store.bundles.add(bundle);
  });
  after(() => server.stop());

  test('an order is stored, shown, and reaches the box, which finds it genuine', async () => {
    const deployment = await directorOf(server).deploy('box-1', bundle.digest);
    assert.deepEqual(await server.store.deployments.latest('box-1'), deployment);
    assert.equal(server.fleet.device('box-1')?.deployment?.id, deployment.id);
    const token = await hearOrder('box-1');
    const reader = createJwsOrderReader({ deviceId: 'box-1', directorKey: publicKey });
    const order = await reader.read(token);
    assert.equal(order.deploymentId, deployment.id);
    assert.equal(order.target, 'models/petpark/1.0.0');
    assert.equal(order.sha256, bundle.digest);
    assert.equal(order.releaseCounter, 3);
    assert.ok(order.notBeforeMs < 1e12 && order.expiresMs > 1e12);
  });

  test('after a restart of the server the newest order waits for its box', async () => {
    await directorOf(server, 2e12).deploy('box-2', bundle.digest);
    const newest = await directorOf(server, 3e12).deploy('box-2', bundle.digest);
    await server.stop();
    server = await open();
    await directorOf(server).republishAll();
    assert.equal(await hearOrder('box-2'), newest.order);
  });

  test('an unknown device or bundle is named', async () => {
    const director = directorOf(server);
    await assert.rejects(director.deploy('box-9', bundle.digest), { code: 'NOT_FOUND', message: /box-9/ });
    await assert.rejects(director.deploy('box-1', 'f'.repeat(64)), { code: 'NOT_FOUND', message: /ffff/ });
  });
});
