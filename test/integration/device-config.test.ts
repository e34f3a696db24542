import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { createJwsConfigReader } from '../../agent/src/trust/jws-order.ts';
import { summariseConfig } from '../../fleet-server/src/cli/device-config-text.ts';
import { serverError } from '../../fleet-server/src/kernel/errors.ts';
import { createConfigurator } from '../../fleet-server/src/rollouts/configurator.ts';
import { createJwsConfigSigner } from '../../fleet-server/src/rollouts/jws-order-signer.ts';
import type { Configurator } from '../../fleet-server/src/rollouts/port.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import type { ReportedConfig } from '../../shared/src/messages/config-document.ts';
import { type FleetctlAccess, fleetctl } from '../support/fleetctl.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { connectDevice, nextMessage, topicOf } from '../support/mqtt-device.ts';
import { openReportServer, type ReportServer } from '../support/report-server.ts';
import { makeKeyPair } from '../support/test-bundle.ts';
import { until } from '../support/until.ts';

const SETTINGS = { telemetry: { intervalSec: 5 } };
const { publicKey, privateKey } = makeKeyPair();

describe('settings of a device on their way to it', () => {
  let folder = '';
  let server: ReportServer;
  let configurator: Configurator;
  const open = async (sign = createJwsConfigSigner(privateKey)): Promise<void> => {
    server = await openReportServer({ path: join(folder, 'fleet.db'), devices: ['box-1', 'box-2'] });
    const { store, broker, fleet } = server;
    configurator = createConfigurator({
      ...{ sign, store, broker, projection: fleet, view: fleet },
      nowMs: () => 7_000,
      log: silentLogger,
    });
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watchpost-device-config-'));
    await open();
  });
  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function hear(id: string) {
    const client = await connectDevice(server.broker.port, id);
    const [{ body }] = await Promise.all([
      nextMessage(client),
      client.subscribeAsync(topicOf(id, 'desiredConfig'), { qos: 1 }),
    ]);
    await client.endAsync();
    const reader = createJwsConfigReader({ deviceId: id, directorKeys: { list: async () => [publicKey] } });
    return reader.read((body as { document: string }).document);
  }

  test('a document is stored, shown, and reaches its box, which finds it genuine', async () => {
    const set = await configurator.set('box-1', SETTINGS, 'olga');
    assert.deepEqual(set, { deviceId: 'box-1', version: 1, settings: SETTINGS, actor: 'olga', atMs: 7_000 });
    assert.deepEqual(await hear('box-1'), {
      deviceId: 'box-1',
      version: 1,
      issuedAtMs: 7_000,
      settings: SETTINGS,
    });
    const { desired } = server.fleet.device('box-1')?.config ?? {};
    assert.deepEqual(desired, { version: 1, actor: 'olga', atMs: 7_000 });
  });

  test('versions grow for each device by itself, also when asked for at once', async () => {
    const all = [SETTINGS, {}, SETTINGS].map((settings) => configurator.set('box-1', settings, 'olga'));
    assert.deepEqual(
      (await Promise.all(all)).map(({ version }) => version),
      [1, 2, 3],
    );
    assert.equal((await configurator.set('box-2', {}, 'olga')).version, 1);
    assert.deepEqual(
      (await configurator.history('box-1')).map(({ version }) => version),
      [3, 2, 1],
    );
  });

  test('after a restart of the server the newest document waits for its box, signed anew', async () => {
    await configurator.set('box-1', SETTINGS, 'olga');
    await configurator.set('box-1', { log: { level: 'debug' } }, 'olga');
    await server.stop();
    await open();
    await configurator.republishAll();
    assert.deepEqual(await hear('box-1'), {
      deviceId: 'box-1',
      version: 2,
      issuedAtMs: 7_000,
      settings: { log: { level: 'debug' } },
    });
    assert.equal(server.fleet.device('box-1')?.config?.desired?.version, 2);
  });

  test('a server that may not sign now starts all the same', async () => {
    await configurator.set('box-1', SETTINGS, 'olga');
    await server.stop();
    await open(async () => {
      throw serverError('TRUST_REFUSED', 'no key is on the list');
    });
    await configurator.republishAll();
    assert.equal(server.fleet.device('box-1')?.config?.desired?.version, 1);
  });

  test('what the box reports is shown; a server from a backup goes on above it', async () => {
    const client = await connectDevice(server.broker.port, 'box-1');
    const reported = {
      ...{ tsMs: 5, version: 41, state: 'reverted', reason: 'CONFIG_LOST_CAMERAS', detail: 'none' },
      ...{ layer: 'fleet', inForce: 40, digest: 'a'.repeat(64), restartNeeded: ['log.level'] },
    };
    const topic = topicOf('box-1', 'reportedConfig');
    await client.publishAsync(topic, JSON.stringify(reported), { qos: 1, retain: true });
    await until('it is shown', () => server.fleet.device('box-1')?.config?.reported !== undefined);
    assert.deepEqual(server.fleet.device('box-1')?.config, { reported });
    assert.equal((await configurator.set('box-1', SETTINGS, 'olga')).version, 42);
    await client.endAsync();
  });

  test('settings a fleet may not set are refused before anything is stored', async () => {
    const unsound = { trust: {}, cameras: [{ id: 'a', file: '/etc/shadow' }], telemetry: { intervalSec: 0 } };
    await assert.rejects(configurator.set('box-1', unsound, 'olga'), {
      code: 'SETTINGS_INVALID',
      message: /\/trust is not a known key; .*\/cameras\/0\/file .*; \/telemetry\/intervalSec must be >= 1/,
    });
    await assert.rejects(configurator.set('box-9', SETTINGS, 'olga'), { code: 'NOT_FOUND' });
    assert.deepEqual(await configurator.history('box-1'), []);
  });
});

const REPORTED: ReportedConfig = {
  ...{ tsMs: 5, state: 'applied', layer: 'fleet', digest: 'a'.repeat(64), restartNeeded: [] },
};
const STANDINGS: readonly (readonly [string, Parameters<typeof summariseConfig>[0], string | undefined])[] = [
  ['has its own settings', { reported: { ...REPORTED, state: 'applied', layer: 'local' } }, undefined],
  [
    'was not reached yet',
    { desired: { version: 2, actor: 'olga', atMs: 1 } },
    'version 2, not on the device yet',
  ],
  [
    'does as it was told',
    { reported: { ...REPORTED, version: 2, inForce: 2, state: 'applied' } },
    'version 2, applied',
  ],
  [
    'went back',
    {
      reported: {
        ...REPORTED,
        ...{
          version: 3,
          inForce: 2,
          state: 'reverted',
          reason: 'CONFIG_LOST_CAMERAS',
          detail: 'no\n camera',
        },
      },
    },
    'version 3, reverted (CONFIG_LOST_CAMERAS); in force: version 2; no camera',
  ],
];
for (const [name, standing, summary] of STANDINGS) {
  test(`a device that ${name} is summed up in a line`, () =>
    assert.equal(summariseConfig(standing), summary));
}

describe('settings of a device over the API and fleetctl', () => {
  let world: HttpWorld;
  let env: FleetctlAccess;
  before(async () => {
    world = await createHttpWorld();
    await world.addUser('olga', ['operator']);
    await world.addUser('vera', ['viewer']);
    env = await world.listen();
  });
  after(() => world.close());
  const run = (verb: string, ...args: readonly string[]) =>
    fleetctl(['device', 'config', verb, ...args], env);
  const fileOf = async (text: string): Promise<string> => {
    const file = join(world.folder, 'settings.yaml');
    await writeFile(file, text);
    return file;
  };
  const request = async (user: string, method: 'GET' | 'PUT' | 'DELETE', payload?: object) =>
    world.app.inject({
      ...{ method, url: '/api/v1/devices/box-1/config', headers: { cookie: await world.login(user) } },
      ...(payload !== undefined && { payload }),
    });

  test('nothing was ever set on a new device; an unknown one is an error', async () => {
    assert.match((await run('get', 'box-1')).out, /nothing was ever set/);
    const { status, error } = await run('get', 'box-9');
    assert.deepEqual([status, /NOT_FOUND/.test(error)], [1, true]);
  });

  test('settings are set from a file, after what changes was shown', async () => {
    const file = await fileOf('telemetry:\n  intervalSec: 5\ncameraChanges:\n  door: { fps: 2 }\n');
    const dry = await run('set', 'box-1', file, '--dry-run');
    assert.deepEqual(dry.progress, ['+ cameraChanges.door.fps: 2', '+ telemetry.intervalSec: 5']);
    assert.match(dry.out, /nothing was set/);
    const { status, progress, out } = await run('set', 'box-1', file);
    assert.deepEqual([status, progress.length], [0, 2]);
    assert.match(out, /version 1 is set on box-1/);
    const again = await run('set', 'box-1', await fileOf('{"telemetry": {"intervalSec": 6}}'), '--json');
    assert.deepEqual(JSON.parse(again.out).diff, [
      '- cameraChanges.door.fps: 2',
      '- telemetry.intervalSec: 5',
      '+ telemetry.intervalSec: 6',
    ]);
    const shown = await run('get', 'box-1');
    assert.match(shown.out, /^version 2, set by admin at .*\ntelemetry:\n {2}intervalSec: 6\n/);
  });

  test('a reset is a version of its own, and history tells of all', async () => {
    const { progress } = await run('reset', 'box-1');
    assert.deepEqual(progress, ['- telemetry.intervalSec: 6']);
    assert.match(
      (await run('history', 'box-1')).out,
      /^VERSION .*\n3 .*own settings alone\n2 .*telemetry\n1 /,
    );
  });

  test('unsound settings are refused with every problem', async () => {
    const { status, error } = await run('set', 'box-1', await fileOf('dataDir: /tmp\nlog: {level: loud}\n'));
    assert.equal(status, 1);
    assert.match(error, /\/dataDir is not a known key; \/log\/level must be one of .*SETTINGS_INVALID/);
    for (const [text, problem] of [
      ['[1]', /holds no keys and values/],
      ['a: [', /settings\.yaml: .*line 1/],
    ] as const)
      assert.match((await run('set', 'box-1', await fileOf(text))).error, problem);
    assert.match((await run('set', 'box-1', join(world.folder, 'none'))).error, /FILE_UNREADABLE/);
  });

  test('operators set, viewers only look, and the audit log knows who', async () => {
    assert.equal((await request('vera', 'PUT', { settings: {} })).statusCode, 403);
    assert.equal((await request('vera', 'DELETE')).statusCode, 403);
    assert.equal((await request('vera', 'GET')).statusCode, 200);
    const reply = await request('olga', 'PUT', { settings: SETTINGS });
    assert.deepEqual([reply.statusCode, reply.json().actor], [200, 'olga']);
    const entries = await world.audit.list({ afterSeq: 0, limit: 100 });
    const { actor, action, subject, details } = entries.at(-1) ?? {};
    assert.deepEqual([actor?.id, action, subject], ['olga', 'device.configured', 'box-1']);
    assert.deepEqual(details, { version: reply.json().version, keys: ['telemetry'] });
  });
});
