import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHttpMetadata } from '../../agent/src/download/http-metadata.ts';
import { endAfter, isPassing } from '../../agent/src/update/plan.ts';
import { draftNext, draftRootWith } from '../../fleet-server/src/trust/drafts.ts';
import { toTufKey } from '../../fleet-server/src/trust/tuf-signing.ts';
import type { TargetsSigned } from '../../shared/src/trust/tuf-metadata.ts';
import { TUF_ATTACKS } from '../support/tuf-attacks.ts';
import { makeKeys } from '../support/tuf-ceremony.ts';
import {
  createTrustWorld,
  DAY_MS,
  damageFile,
  EVIL,
  GENUINE,
  listKept,
  rootOf,
  serveForgery,
  serveRoot,
  type TrustWorld,
} from '../support/tuf-world.ts';

async function withWorld(work: (world: TrustWorld) => Promise<void>): Promise<void> {
  const world = await createTrustWorld();
  try {
    await work(world);
  } finally {
    await world.close();
  }
}

for (const { name, mount, orders = GENUINE, refusedWith } of TUF_ATTACKS) {
  test(`refused: ${name}`, () =>
    withWorld(async (world) => {
      // The honest twin: the same box, the same order, before the attack.
      await world.install();
      await mount(world);
      await assert.rejects(world.install(orders), { code: refusedWith });
    }));
}

test('a refusal ends a deployment as rejected; a network that fails is tried again', () => {
  for (const code of new Set(TUF_ATTACKS.map(({ refusedWith }) => refusedWith))) {
    for (const state of ['queued', 'verifying'] as const)
      assert.equal(endAfter(state, code), 'rejected', code);
    assert.equal(isPassing('check', code), false, code);
  }
  assert.equal(isPassing('verify', 'DOWNLOAD_FAILED'), true);
});

test('an honest release is accepted, and what is withdrawn is not', () =>
  withWorld(async (world) => {
    const { ceremony } = world;
    const next = { ...GENUINE, target: 'models/pets/2.0.0', sha256: 'b'.repeat(64), releaseCounter: 4 };
    await assert.rejects(world.install(next), { code: 'TARGET_UNKNOWN' });
    await ceremony.release(next);
    await world.install(next);
    await world.install(GENUINE);
    await ceremony.repository.changeTarget({ kind: 'remove', target: GENUINE.target });
    await ceremony.sign('models', ceremony.ring.models);
    await assert.rejects(world.install(GENUINE), { code: 'TARGET_UNKNOWN' });
    await world.install(next);
  }));

test('after an attack the box goes on where it was', () =>
  withWorld(async (world) => {
    await world.install();
    await serveForgery(world, { expiresMs: Date.now() - DAY_MS });
    await assert.rejects(world.install());
    world.mirror.answers.clear();
    await world.install();
  }));

test('a root signed by old and new keys is followed, also by a box that missed several', () =>
  withWorld(async (world) => {
    await world.install();
    const { ceremony, mirror } = world;
    let signers = ceremony.ring.root;
    for (let turn = 0; turn < 3; turn += 1) {
      const fresh = makeKeys(3);
      const role = { keys: fresh.map(toTufKey), threshold: 2 };
      const next = draftRootWith(await rootOf(ceremony), 'root', role, ceremony.clock.nowMs);
      await ceremony.propose('root', next, [...fresh.slice(0, 2), ...signers.slice(1)]);
      signers = fresh;
    }
    assert.equal((await rootOf(ceremony)).version, 4);
    await world.install();
    // A second root of a version it knows, signed with keys of old: the box remembers the one it followed.
    await rm(join(world.dataDir, 'tuf'), { recursive: true });
    await world.install();
    mirror.answers.set('2.root.json', null);
    await world.install();
  }));

test('another root of a known version is refused, though the stolen old keys signed it', () =>
  withWorld(async (world) => {
    const { ceremony, mirror } = world;
    const fresh = makeKeys(3);
    const role = { keys: fresh.map(toTufKey), threshold: 2 };
    const next = draftRootWith(await rootOf(ceremony), 'root', role, ceremony.clock.nowMs);
    await ceremony.propose('root', next, [...fresh, ...ceremony.ring.root]);
    await world.install();
    await rm(join(world.dataDir, 'tuf'), { recursive: true });
    mirror.answers.set('2.root.json', null);
    await assert.rejects(world.install(), { code: 'TRUST_ROLLBACK' });
    mirror.answers.clear();
    const forged = {
      ...world,
      ceremony: { ...ceremony, newest: async () => JSON.parse(await ceremony.rootFile(1)).signed },
    };
    await serveRoot(forged, (evil, old) => [...evil, ...old]);
    await assert.rejects(world.install(), { code: 'TRUST_INVALID', message: /another one/ });
  }));

test('fast-forward: versions run ahead by stolen online keys fall back when a root replaces the keys', () =>
  withWorld(async (world) => {
    const { ceremony, mirror } = world;
    await serveForgery(world, { snapshotVersion: 9e9, timestampVersion: 9e9 });
    await world.install();
    mirror.answers.clear();
    await assert.rejects(world.install(), { code: 'TRUST_ROLLBACK' });
    const now = ceremony.clock.nowMs;
    const snapshot = { keys: [(await ceremony.repository.onlineKey('snapshot', true)).key], threshold: 1 };
    const timestamp = { keys: [(await ceremony.repository.onlineKey('timestamp', true)).key], threshold: 1 };
    const half = draftRootWith(await rootOf(ceremony), 'snapshot', snapshot, now);
    const root = { ...draftRootWith(half, 'timestamp', timestamp, now), version: half.version };
    await ceremony.propose('root', root, ceremony.ring.root);
    await world.install();
  }));

for (const how of ['cut', 'wipe', 'noise'] as const) {
  test(`each file of the local metadata may be lost (${how}): the box checks all of it again`, () =>
    withWorld(async (world) => {
      await world.install();
      const kept = await listKept(world);
      assert.deepEqual([...kept].sort(), [
        'models.json',
        'root.json',
        'snapshot.json',
        'targets.json',
        'timestamp.json',
      ]);
      for (const name of kept) {
        await damageFile(world, name, how);
        await world.install();
      }
    }));
}

test('damaged marks are set aside, and the metadata files still stop a rollback', () =>
  withWorld(async (world) => {
    await world.install();
    const old = await world.mirror.capture();
    await world.ceremony.release({ ...GENUINE, target: 'models/pets/2.0.0', sha256: 'b'.repeat(64) });
    await world.install();
    for (const suffix of ['-wal', '-shm'])
      await rm(join(world.dataDir, `trust.sqlite${suffix}`), { force: true });
    await writeFile(join(world.dataDir, 'trust.sqlite'), 'no database '.repeat(100));
    await world.install();
    await writeFile(join(world.dataDir, 'trust.sqlite'), 'no database '.repeat(100));
    for (const [name, body] of old) world.mirror.answers.set(name, body);
    await assert.rejects(world.install(), (error: { code: string }) => error.code.startsWith('TRUST_'));
  }));

test('a clock that ran a day ahead does not lock the box out once it is right', () =>
  withWorld(async (world) => {
    world.clock.nowMs = Date.UTC(2100, 0);
    await assert.rejects(world.install(), { code: 'TRUST_EXPIRED' });
    world.clock.nowMs = Date.now();
    await world.install();
    world.clock.nowMs = 0;
    await world.install();
  }));

test('a network that fails is no verdict: the failure is handed on as it is', () =>
  withWorld(async (world) => {
    const source = createHttpMetadata({ serverUrl: 'http://127.0.0.1:9', authorization: '' });
    await assert.rejects(source('timestamp.json', 1000, AbortSignal.timeout(5_000)), {
      code: 'SERVER_UNREACHABLE',
    });
    world.mirror.answers.set('timestamp.json', null);
    await assert.rejects(world.install(EVIL), { code: 'DOWNLOAD_FAILED' });
  }));

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('endless, stalled and dripping documents are given up', async (t) => {
  const server = createServer((request, response) => {
    response.writeHead(200);
    if (request.url?.endsWith('endless') === true) {
      const more = (): void =>
        void (response.write('x'.repeat(1000)) ? setImmediate(more) : response.once('drain', more));
      more();
    } else if (request.url?.endsWith('drip') === true) {
      const timer = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(timer));
    } else response.write('{');
  });
  const serverUrl = await listen(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const fetchOne = (name: string) =>
    createHttpMetadata({ serverUrl, authorization: '', stallMs: 60, documentMs: 200 })(
      name,
      10_000,
      AbortSignal.timeout(10_000),
    );
  await assert.rejects(fetchOne('endless'), { code: 'TRUST_INVALID' });
  await assert.rejects(fetchOne('stalled'), { code: 'DOWNLOAD_FAILED' });
  await assert.rejects(fetchOne('drip'), { code: 'DOWNLOAD_FAILED', message: /longer than 200 ms/ });
});

test('signed documents that went by the server unseen change nothing before they are published', () =>
  withWorld(async (world) => {
    const { ceremony } = world;
    const models = (await ceremony.newest('models')) as TargetsSigned;
    const next = draftNext('models', models, ceremony.clock.nowMs);
    await ceremony.repository.stage([{ role: 'models', metadata: { signed: next, signatures: [] } }]);
    await world.install();
  }));
