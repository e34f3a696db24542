import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RolloutExplanation, RolloutView } from '@watchpost/shared/api/rollouts.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { parseServerFlags } from '../../fleet-server/src/config/flags.ts';
import { type RunningServer, startServer } from '../../fleet-server/src/main.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { bundleRecord, deviceRecord } from '../support/fleet-data.ts';
import { fleetctl } from '../support/fleetctl.ts';
import { type OrderedBox, startOrderedBox } from '../support/ordered-box.ts';
import { until } from '../support/until.ts';

const BOXES = ['box-1', 'box-2', 'box-3'];
const BUNDLE = { ...bundleRecord(), state: 'released' as const };
const folder = await mkdtemp(join(tmpdir(), 'watchpost-rollouts-served-'));
const at = (name: string): string => join(folder, name);
const boxes: OrderedBox[] = [];
let server: RunningServer | undefined;
let cookie = '';
after(async () => {
  for (const box of boxes) await box.stop();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const serverUrl = (): string => `http://127.0.0.1:${server?.httpPort}`;

async function run(...args: readonly string[]): Promise<void> {
  const env = { WATCHPOST_SERVER: serverUrl(), WATCHPOST_PASSWORD_FILE: at('admin-password') };
  const { status, error } = await fleetctl(args, env);
  if (status !== 0) throw new Error(error);
}

async function call<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const reply = await fetch(`${serverUrl()}/api/v1${path}`, {
    method,
    headers: { cookie, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
  const answer = (await reply.json()) as T;
  assert.ok(reply.ok, JSON.stringify(answer));
  return answer;
}

test('a rollout over the API brings every box to the bundle, over the wire, and back', async () => {
  const store = await openSqliteStore(at('fleet.sqlite'));
  for (const id of BOXES) await store.devices.save(deviceRecord(id));
  await store.bundles.add(BUNDLE);
  await store.close();
  const flags = ['--data-dir', folder, '--plain', '--http-port', '0', '--mqtt-port', '0'];
  server = await startServer(parseServerFlags(flags), silentLogger, new AbortController().signal);
  const one = ['root', 'targets'].flatMap((role) => [`--${role}-keys`, '1', `--${role}-threshold`, '1']);
  await run('keys', 'init', '--out', at('trust'), ...one);
  const password = (await readFile(at('admin-password'), 'utf8')).trim();
  await call('POST', '/session', { user: 'admin', password });

  const rollout = {
    name: 'spring',
    version: `${BUNDLE.manifest.model}@${BUNDLE.manifest.version}`,
    groups: { list: [{ count: 1 }] },
    policy: { soakSeconds: 0 },
    start: true,
  };
  const unsigned = await call<RolloutView>('POST', '/rollouts', rollout);
  for (const id of BOXES) {
    boxes.push(await startOrderedBox(id, server.mqttPort, ['queued', 'downloading', 'testing', 'success']));
  }
  const stateOf = async (id: string) => (await call<RolloutView>('GET', `/rollouts/${id}`)).state;
  await until('it is paused', async () => (await stateOf(unsigned.id)) === 'paused');
  const { lines } = await call<RolloutExplanation>('GET', `/rollouts/${unsigned.id}/explain`);
  assert.match(lines[0] ?? '', /VERSION_UNSIGNED/);

  await run('target', 'add', BUNDLE.digest);
  await run('sign', 'models', '--key', at('trust/models-1.key'));
  await call('POST', `/rollouts/${unsigned.id}/resume`, {});
  await until('it is finished', async () => (await stateOf(unsigned.id)) === 'finished');
  assert.deepEqual(
    boxes.map(({ orders }) => orders.map(({ sha256 }) => sha256)),
    BOXES.map(() => [BUNDLE.digest]),
  );
  await call('POST', `/rollouts/${unsigned.id}/rollback`, {});
  await until('it is rolled back', async () => (await stateOf(unsigned.id)) === 'rolled_back');
  const view = await call<RolloutView>('GET', `/rollouts/${unsigned.id}`);
  assert.equal(view.why, '0 of 0 devices went back', 'a box that ran nothing before keeps what it has');
});
