import assert from 'node:assert/strict';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { nameDirectorKey } from '@watchpost/shared/trust/director-target.ts';
import { decodeProtectedHeader } from 'jose';
import { createHttpMetadata } from '../../agent/src/download/http-metadata.ts';
import { createJwsOrderReader } from '../../agent/src/trust/jws-order.ts';
import { createSqliteTrustMarks } from '../../agent/src/trust/sqlite-trust-marks.ts';
import { bindOrders, createTufDirectorKeys } from '../../agent/src/trust/tuf-director-keys.ts';
import { createTufTrust, loadBootstrapRoot } from '../../agent/src/trust/tuf-trust.ts';
import { parseServerFlags } from '../../fleet-server/src/config/flags.ts';
import { type RunningServer, startServer } from '../../fleet-server/src/main.ts';
import { loadDirectorKeys } from '../../fleet-server/src/rollouts/file-director-key.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { bundleRecord, deviceRecord } from '../support/fleet-data.ts';
import { fleetctl } from '../support/fleetctl.ts';

const DEVICE = 'box-1';
const BUNDLE = { ...bundleRecord(), state: 'released' as const };
const folder = await mkdtemp(join(tmpdir(), 'watchpost-director-served-'));
const at = (name: string): string => join(folder, name);
let server: RunningServer | undefined;
after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const serverUrl = (): string => `http://127.0.0.1:${server?.httpPort}`;
async function restartServer(): Promise<void> {
  await server?.stop();
  const ports = ['--http-port', '0', '--mqtt-port', '0'];
  const config = parseServerFlags(['--data-dir', folder, '--plain', ...ports]);
  server = await startServer(config, silentLogger, new AbortController().signal);
}

async function run(...args: readonly string[]): Promise<string> {
  const env = { WATCHPOST_SERVER: serverUrl(), WATCHPOST_PASSWORD_FILE: at('admin-password') };
  const { status, out, error } = await fleetctl(args, env);
  if (status !== 0) throw new Error(error);
  return out;
}

async function withStore<Result>(
  work: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<Result>,
): Promise<Result> {
  const store = await openSqliteStore(at('fleet.sqlite'));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** @returns the order the server gives the box */
async function deploy(): Promise<string> {
  await run('device', 'deploy', DEVICE, '--bundle', BUNDLE.digest);
  const deployment = await withStore((store) => store.deployments.latest(DEVICE));
  assert.ok(deployment);
  return deployment.order;
}

const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid;

/** The box judges the order, as it came over the wire, by metadata from the server. */
async function judge(token: string, told: readonly KeyObject[]): Promise<void> {
  const trust = createTufTrust({
    dataDir: at('box'),
    bootstrapRoot: await loadBootstrapRoot(at('trust/1.root.json')),
    source: createHttpMetadata({ serverUrl: serverUrl(), authorization: '' }),
    marks: createSqliteTrustMarks({ path: at('box/trust.sqlite'), log: silentLogger }),
    clock: { wallMs: Date.now },
  });
  const directorKeys = createTufDirectorKeys({
    trust,
    told: { list: async () => told },
    log: silentLogger,
  });
  const box = bindOrders(createJwsOrderReader({ deviceId: DEVICE, directorKeys }), trust);
  await box.trust.verify(await box.orders.read(token), AbortSignal.timeout(20_000));
}

const announce = async (): Promise<void> => {
  await run('director', 'announce');
  await run('sign', 'targets', '--key', at('trust/targets-1.key'));
};

test('the key of the director is changed under a server and a box that run', async () => {
  await withStore(async (store) => {
    await store.devices.save(deviceRecord(DEVICE));
    await store.bundles.add(BUNDLE);
  });
  await restartServer();
  const one = ['root', 'targets'].flatMap((role) => [`--${role}-keys`, '1', `--${role}-threshold`, '1']);
  await run('keys', 'init', '--out', at('trust'), ...one);
  await run('target', 'add', BUNDLE.digest);
  await run('sign', 'models', '--key', at('trust/models-1.key'));
  const first = await loadDirectorKeys(at('keys'));
  const told = [createPublicKey(first.privateKey)];
  const [oldId] = first.publicKeys.map(nameDirectorKey);

  await judge(await deploy(), told);
  await announce();
  await judge(await deploy(), told);

  const { keyId } = JSON.parse(await run('director', 'rotate', '--data-dir', folder, '--json'));
  await restartServer();
  const before = await deploy();
  assert.equal(kidOf(before), oldId, 'a key that is not published signs nothing');
  await judge(before, told);
  await announce();
  const later = await deploy();
  assert.equal(kidOf(later), keyId);
  await judge(later, told);

  await rm(at('keys/director.pem'));
  await restartServer();
  await announce();
  await judge(await deploy(), told);
  await assert.rejects(judge(before, told), { code: 'ORDER_INVALID' });
  assert.match(await readFile(at('keys/director-2.pem'), 'utf8'), /PRIVATE KEY/);
});
