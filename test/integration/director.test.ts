import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseDirectorKeys } from '../../agent/src/identity/file-identity.ts';
import { createJwsOrderReader } from '../../agent/src/trust/jws-order.ts';
import { createDirector } from '../../fleet-server/src/rollouts/director.ts';
import { loadDirectorKeys, rotateDirectorKey } from '../../fleet-server/src/rollouts/file-director-key.ts';
import { createJwsOrderSigner } from '../../fleet-server/src/rollouts/jws-order-signer.ts';
import type { DeployOptions } from '../../fleet-server/src/rollouts/port.ts';
import { bundleRecord } from '../support/fleet-data.ts';
import { fleetctl } from '../support/fleetctl.ts';
import { connectDevice, nextMessage, topicOf } from '../support/mqtt-device.ts';
import { openReportServer, type ReportServer } from '../support/report-server.ts';
import { makeBundle } from '../support/test-bundle.ts';
import { composeOrder, trustOf } from '../support/test-order.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpost-director-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const JWK = { format: 'jwk' } as const;

describe("the director's key", () => {
  test('is made once, readable by its owner only', async () => {
    const keys = join(folder, 'keys');
    const made = await loadDirectorKeys(keys);
    const loaded = await loadDirectorKeys(keys);
    assert.equal(loaded.publicKeysPem, made.publicKeysPem);
    assert.match(made.publicKeysPem, /BEGIN PUBLIC KEY/);
    assert.equal(statSync(join(keys, 'director.pem')).mode & 0o777, 0o600);
  });

  test('a file that is no key, or of another kind, is named and left alone', async () => {
    const keys = mkdtempSync(join(folder, 'bad-'));
    const path = join(keys, 'director.pem');
    writeFileSync(path, 'no key');
    await assert.rejects(loadDirectorKeys(keys), { code: 'FILE_UNREADABLE', message: /director\.pem/ });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await assert.rejects(loadDirectorKeys(keys), { code: 'FILE_UNREADABLE', message: /not an Ed25519/ });
  });

  test('is followed from the command line', async () => {
    const dataDir = join(folder, 'served');
    await loadDirectorKeys(join(dataDir, 'keys'));
    const { status, out } = await fleetctl(['director', 'rotate', '--data-dir', dataDir]);
    assert.equal(status, 0);
    assert.match(out, /keys\/director-2\.pem holds the new key/);
    const { publicKeysPem } = await loadDirectorKeys(join(dataDir, 'keys'));
    assert.equal(parseDirectorKeys(publicKeysPem).length, 2);
  });

  test('is followed by a new one, which signs; the old one is announced until its file is removed', async () => {
    const keys = join(folder, 'rotated');
    const before = await loadDirectorKeys(keys);
    const path = await rotateDirectorKey(keys);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const after = await loadDirectorKeys(keys);
    assert.notEqual(after.privateKey.export(JWK).x, before.privateKey.export(JWK).x);
    assert.ok(after.publicKeysPem.endsWith(before.publicKeysPem));
    const old = parseDirectorKeys(before.publicKeysPem);
    const both = parseDirectorKeys(after.publicKeysPem);
    assert.equal(both.length, 2);
    const order = composeOrder(makeBundle());
    const read = (token: string, trusted: readonly KeyObject[]) =>
      createJwsOrderReader({ deviceId: order.deviceId, directorKeys: { list: async () => trusted } }).read(
        token,
      );
    for (const { privateKey } of [before, after]) {
      assert.deepEqual(await read(await createJwsOrderSigner(privateKey)(order), both), order);
    }
    const byNew = await createJwsOrderSigner(after.privateKey)(order);
    await assert.rejects(read(byNew, old), { code: 'ORDER_INVALID', message: /not signed by this fleet/ });
    rmSync(join(keys, 'director.pem'));
    assert.equal(parseDirectorKeys((await loadDirectorKeys(keys)).publicKeysPem).length, 1);
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
      trust: trustOf([bundle]),
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
    const reader = createJwsOrderReader({
      deviceId: 'box-1',
      directorKeys: { list: async () => [publicKey] },
    });
    const order = await reader.read(token);
    assert.equal(order.deploymentId, deployment.id);
    assert.equal(order.target, 'models/petpark/1.0.0');
    assert.equal(order.sha256, bundle.digest);
    assert.equal(order.releaseCounter, 3);
    assert.ok(order.notBeforeMs < 1e12 && order.expiresMs > 1e12);
  });

  test('only an order that shall lift the quarantine says so', async () => {
    const reader = createJwsOrderReader({
      deviceId: 'box-1',
      directorKeys: { list: async () => [publicKey] },
    });
    const flagOf = async (options?: { readonly liftQuarantine: boolean }) =>
      (await reader.read((await directorOf(server).deploy('box-1', bundle.digest, options)).order))
        .liftQuarantine;
    assert.equal(await flagOf({ liftQuarantine: true }), true);
    assert.equal(await flagOf({ liftQuarantine: false }), undefined);
    assert.equal(await flagOf(), undefined);
  });

  test('a soft order says until when it waits, and a forced one is as it was before there were types', async () => {
    const reader = createJwsOrderReader({
      deviceId: 'box-1',
      directorKeys: { list: async () => [publicKey] },
    });
    const orderOf = async (options: DeployOptions) => {
      const { order } = await directorOf(server, 1e12).deploy('box-1', bundle.digest, options);
      const { type, softUntilMs } = await reader.read(order);
      return [type, softUntilMs];
    };
    assert.deepEqual(await orderOf({ type: 'soft', softUntilMs: 2e12 }), ['soft', 2e12]);
    assert.deepEqual(await orderOf({ type: 'download_only', softUntilMs: 2e12 }), [
      'download_only',
      undefined,
    ]);
    assert.deepEqual(await orderOf({ type: 'forced' }), [undefined, undefined]);
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
