import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { TrustStore } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import {
  draftFirst,
  draftNext,
  draftRootWith,
  draftTargetsWith,
} from '../../fleet-server/src/trust/drafts.ts';
import { openFileOnlineKeys } from '../../fleet-server/src/trust/file-online-keys.ts';
import { createOnlineSigner } from '../../fleet-server/src/trust/online-signer.ts';
import { createTrustRepository } from '../../fleet-server/src/trust/repository.ts';
import { signTuf, toTufKey } from '../../fleet-server/src/trust/tuf-signing.ts';
import { describeError } from '../../shared/src/kernel/errors.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import type { RootSigned, TargetsSigned, TimestampSigned } from '../../shared/src/trust/tuf-metadata.ts';
import { createMemoryTrustStore } from '../support/memory-trust-store.ts';
import {
  type Ceremony,
  createMemoryOnlineKeys,
  holdCeremony,
  makeKey,
  makeKeyRing,
  signWith,
  toSigners,
  tufKeyId,
} from '../support/tuf-ceremony.ts';

const BUNDLE = {
  target: 'models/pets/1.0.0',
  sha256: 'a'.repeat(64),
  lengthBytes: 500,
  releaseCounter: 3,
};
const refused = (what: RegExp) => ({ code: 'TRUST_REFUSED', message: what });

/** When every ceremony here is held. */
const SECOND = 1_800_000_000;

let world: Ceremony;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-trust-'));
});
after(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  world = await holdCeremony({ nowMs: SECOND * 1000 });
});

const versions = async () =>
  Object.fromEntries((await world.repository.view()).roles.map(({ role, version }) => [role, version]));
const root = async () => (await world.newest('root')) as RootSigned;
const targets = async () => (await world.newest('targets')) as TargetsSigned;
const models = async () => (await world.newest('models')) as TargetsSigned;

test('the first ceremony publishes every role at once, in version 1', async () => {
  const { snapshot, timestamp, ...offline } = await versions();
  assert.deepEqual(offline, { root: 1, targets: 1, models: 1, agent: 1 });
  assert.deepEqual([snapshot, timestamp], [SECOND, SECOND]);
  const numbered = ['1.root.json', '1.targets.json', '1.models.json', `${SECOND}.snapshot.json`];
  for (const name of [...numbered, 'timestamp.json'])
    assert.notEqual(await world.repository.readFile(name), undefined, name);
});

test('below the threshold nothing is published, and the tally says what is missing', async () => {
  const next = draftNext('targets', await targets(), world.clock.nowMs);
  const [one, two] = world.ring.targets;
  assert.ok(one && two);
  await world.propose('targets', next, [one]);
  const { staged } = await world.repository.view();
  assert.deepEqual(staged[0]?.tallies, [{ by: 'own', have: 1, need: 2 }]);
  assert.deepEqual(staged[0]?.waitsFor, ['1 of 2 signatures by its own keys']);
  assert.equal((await versions()).targets, 1);
  await world.sign('targets', [one]);
  assert.equal((await versions()).targets, 1, 'a signature counts once');
  await world.sign('targets', [two]);
  const { snapshot, timestamp, ...offline } = await versions();
  assert.deepEqual(offline, { root: 1, targets: 2, models: 1, agent: 1 });
  assert.deepEqual([snapshot, timestamp], [SECOND + 1, SECOND + 1]);
});

test('a released bundle is named with its digest, length and counter; removed, it is gone', async () => {
  await world.release(BUNDLE);
  assert.deepEqual((await models()).targets, {
    'models/pets/1.0.0': {
      length: 500,
      hashes: { sha256: BUNDLE.sha256 },
      custom: { releaseCounter: 3 },
    },
  });
  const { staged } = await world.repository.changeTarget({ kind: 'remove', target: BUNDLE.target });
  assert.ok(staged[0]?.changes.includes('removes models/pets/1.0.0'));
  await world.sign('models', world.ring.models);
  assert.deepEqual((await models()).targets, {});
});

test('two bundles staged before anybody signs are published together', async () => {
  const other = { ...BUNDLE, target: 'models/pets/2.0.0', sha256: 'b'.repeat(64) };
  for (const each of [BUNDLE, other]) {
    world.bundles.set(each.sha256, each);
    await world.repository.changeTarget({ kind: 'add', digest: each.sha256 });
  }
  await world.sign('models', world.ring.models);
  assert.deepEqual(Object.keys((await models()).targets), [BUNDLE.target, other.target]);
  assert.equal((await versions()).models, 2);
});

test('a signature by a foreign key, or of other content, is refused', async () => {
  const next = draftNext('models', await models(), world.clock.nowMs);
  await world.repository.stage([{ role: 'models', metadata: { signed: next, signatures: [] } }]);
  const foreign = signTuf(next, makeKey());
  const upload = { role: 'models' as const, version: next.version };
  await assert.rejects(
    world.repository.addSignature({ ...upload, signature: foreign }),
    refused(/may not sign/),
  );
  const [key] = world.ring.models;
  assert.ok(key);
  const other = signTuf({ ...next, expires: '2099-01-01T00:00:00Z' }, key);
  await assert.rejects(
    world.repository.addSignature({ ...upload, signature: other }),
    refused(/other content/),
  );
});

test('a new root is published when old and new keys have signed, and only then', async () => {
  const fresh = [makeKey(), makeKey(), makeKey()];
  const signers = { keys: fresh.map(toTufKey), threshold: 2 };
  const next = draftRootWith(await root(), 'root', signers, world.clock.nowMs);
  await world.propose('root', next, fresh);
  assert.equal((await versions()).root, 1, 'the old keys are missing');
  const [staged] = (await world.repository.view()).staged;
  assert.deepEqual(staged?.tallies, [
    { by: 'own', have: 3, need: 2 },
    { by: 'previous', have: 0, need: 2 },
  ]);
  await world.sign('root', world.ring.root.slice(0, 2));
  assert.equal((await versions()).root, 2);
});

test('new keys of models wait until models is signed by them', async () => {
  await world.release(BUNDLE);
  const fresh = makeKey();
  const now = world.clock.nowMs;
  const signers = { keys: [toTufKey(fresh)], threshold: 1 };
  await world.propose(
    'targets',
    draftTargetsWith(await targets(), 'models', signers, now),
    world.ring.targets,
  );
  assert.equal((await versions()).targets, 1, 'boxes would find models signed by nobody');
  await world.propose('models', draftNext('models', await models(), now), [fresh]);
  const reached = await versions();
  assert.deepEqual([reached.targets, reached.models], [2, 3]);
});

test('what boxes must never see is refused when it is handed in', async () => {
  const now = world.clock.nowMs;
  const stage = (role: 'root' | 'targets' | 'models', signed: unknown) =>
    world.repository.stage([{ role, metadata: { signed: signed as TargetsSigned, signatures: [] } }]);
  const next = draftNext('models', await models(), now);
  const target = { length: 1, hashes: { sha256: BUNDLE.sha256 }, custom: { releaseCounter: 1 } };
  await assert.rejects(stage('models', { ...next, version: 9 }), refused(/not the next one, 2/));
  await assert.rejects(stage('models', { ...next, version: 1 }), refused(/not the next one, 2/));
  await assert.rejects(stage('models', { ...next, expires: '2001-01-01T00:00:00Z' }), refused(/expired/));
  await assert.rejects(
    stage('models', { ...next, targets: { 'agent/linux/1': target } }),
    refused(/outside of models/),
  );
  await assert.rejects(
    stage('models', { ...next, targets: { 'models/a/1': { ...target, custom: {} } } }),
    refused(/no release counter/),
  );
  const { root: rootSigners } = toSigners(world.ring);
  const many = draftRootWith(await root(), 'root', { ...rootSigners, threshold: 4 }, now);
  await assert.rejects(stage('root', many), refused(/needs 4 signatures, but has 3 keys/));
  const sound = draftRootWith(await root(), 'root', rootSigners, now);
  const [first] = rootSigners.keys;
  assert.ok(first);
  const doubled = {
    ...sound,
    keys: { ...sound.keys, ['c'.repeat(64)]: first },
    roles: { ...sound.roles, root: { keyids: [...sound.roles.root.keyids, 'c'.repeat(64)], threshold: 2 } },
  };
  await assert.rejects(stage('root', doubled), refused(/under another id too/));
  const foreign = { keys: [toTufKey(makeKey())], threshold: 1 };
  await assert.rejects(
    stage('root', draftRootWith(await root(), 'timestamp', foreign, now)),
    refused(/holds 0 of the 1 keys timestamp needs/),
  );
});

test('a version that is published never changes its content', async () => {
  await world.release(BUNDLE);
  const now = await models();
  const other = { length: 1, hashes: { sha256: 'd'.repeat(64) }, custom: { releaseCounter: 1 } };
  const next = { ...draftNext('models', now, world.clock.nowMs), targets: { [BUNDLE.target]: other } };
  await assert.rejects(
    world.repository.stage([{ role: 'models', metadata: { signed: next, signatures: [] } }]),
    refused(/published with other content/),
  );
});

test('the timestamp is signed every hour, the snapshot when its content or a day has passed', async () => {
  const pending: (() => void)[] = [];
  const delays: number[] = [];
  const signer = createOnlineSigner({
    repository: world.repository,
    schedule: (delayMs, run) => {
      delays.push(delayMs);
      pending.push(run);
      return () => undefined;
    },
    log: silentLogger,
  });
  await signer.start(new AbortController().signal);
  assert.deepEqual([(await versions()).timestamp, (await versions()).snapshot], [SECOND + 1, SECOND]);
  world.clock.nowMs += 25 * 3_600_000;
  const later = SECOND + 25 * 3600;
  pending.shift()?.();
  await signer.stop();
  assert.deepEqual(delays.slice(0, 1), [3_600_000]);
  assert.deepEqual([(await versions()).timestamp, (await versions()).snapshot], [later, later]);
  const text = (await world.repository.readFile('timestamp.json')) ?? '';
  const { expires } = JSON.parse(text).signed as TimestampSigned;
  const left = Date.parse(expires) - world.clock.nowMs;
  assert.ok(left <= 24 * 3_600_000 && left > 23 * 3_600_000);
});

test('an online key is sealed on the disk, and opens again with the same master only', async () => {
  const path = join(folder, 'online.json');
  const masterPath = join(folder, 'master.key');
  const keys = await openFileOnlineKeys({ path, masterPath });
  const made = await keys.newest('timestamp');
  const again = await openFileOnlineKeys({ path, masterPath });
  assert.deepEqual(await again.newest('timestamp'), made);
  assert.notEqual((await again.make('timestamp')).keyId, made.keyId);
  assert.ok(again.has(made.keyId), 'an older key still signs until a root drops it');
  assert.doesNotMatch(await readFile(path, 'utf8'), /PRIVATE/);
  await chmod(masterPath, 0o644);
  await assert.rejects(openFileOnlineKeys({ path, masterPath }), { code: 'KEY_INVALID' });
  await chmod(masterPath, 0o600);
  await writeFile(masterPath, 'f'.repeat(64));
  await assert.rejects(openFileOnlineKeys({ path, masterPath }), { code: 'KEY_INVALID' });
});

test('the master key may come from the environment: then it lies in no file, and no message repeats it', async () => {
  const path = join(folder, 'online-env.json');
  const masterPath = join(folder, 'no.key');
  const masterKey = 'e'.repeat(64);
  const made = await (await openFileOnlineKeys({ path, masterPath, masterKey })).newest('timestamp');
  const again = await openFileOnlineKeys({ path, masterPath, masterKey: `${masterKey}\n` });
  assert.deepEqual(await again.newest('timestamp'), made);
  await assert.rejects(stat(masterPath), { code: 'ENOENT' });
  for (const wrong of ['d'.repeat(64), 'e'.repeat(63), `${'e'.repeat(63)}x`]) {
    const opening = openFileOnlineKeys({ path, masterPath, masterKey: wrong });
    await assert.rejects(opening, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'KEY_INVALID');
      assert.doesNotMatch(describeError(error), /[de]{20}/);
      return true;
    });
  }
});

test('the repository survives a restart of the server', async () => {
  const path = join(folder, 'fleet.sqlite');
  const ring = makeKeyRing();
  const first = draftFirst(toSigners(ring), Date.now());
  const open = async () => {
    const store = await openSqliteStore(path);
    const keys = createMemoryOnlineKeys(ring);
    const deps = { keys, findTarget: async () => undefined, nowMs: Date.now };
    return { store, repository: createTrustRepository({ store: store.trust, ...deps }) };
  };
  const before = await open();
  await before.repository.stage(
    (['root', 'targets', 'models', 'agent'] as const).map((role) => ({
      role,
      metadata: signWith(first[role], role === 'root' ? ring.root.slice(0, 1) : ring[role]),
    })),
  );
  await before.store.close();
  const later = await open();
  const [, second] = ring.root;
  assert.ok(second);
  const { published } = await later.repository.addSignature({
    role: 'root',
    version: 1,
    signature: signTuf(first.root, second),
  });
  assert.deepEqual(published, ['root', 'targets', 'models', 'agent']);
  const version = async (): Promise<number> =>
    JSON.parse((await later.repository.readFile('timestamp.json')) ?? '').signed.version;
  const signedFirst = await version();
  await later.repository.refresh();
  assert.ok((await version()) > signedFirst);
  await later.store.close();
});

test('signatures handed in with a document are checked as those that come later', async () => {
  const store = createMemoryTrustStore();
  const ring = makeKeyRing();
  const keys = createMemoryOnlineKeys(ring);
  const empty = createTrustRepository({ store, keys, findTarget: async () => undefined, nowMs: Date.now });
  const first = draftFirst(toSigners(ring), Date.now());
  const metadata = signWith(first.root, [makeKey()]);
  await assert.rejects(empty.stage([{ role: 'root', metadata }]), refused(/may not sign/));
  await empty.refresh();
  assert.equal(await empty.readFile('timestamp.json'), undefined);
  assert.equal(tufKeyId(makeKey()).length, 64);
});

test('a server restored from a backup signs nothing older than boxes have seen', async () => {
  const ring = makeKeyRing();
  const clock = { nowMs: SECOND * 1000 };
  const first = draftFirst(toSigners(ring), clock.nowMs);
  const open = (store: TrustStore) =>
    createTrustRepository({
      store,
      keys: createMemoryOnlineKeys(ring),
      findTarget: async () => undefined,
      nowMs: () => clock.nowMs,
    });
  const proposals = (['root', 'targets', 'models', 'agent'] as const).map((role) => ({
    role,
    metadata: signWith(first[role], ring[role]),
  }));
  const [lost, backup] = [open(createMemoryTrustStore()), open(createMemoryTrustStore())];
  for (const repository of [lost, backup]) await repository.stage(proposals);
  const version = async (repository: typeof lost): Promise<number> =>
    JSON.parse((await repository.readFile('timestamp.json')) ?? '').signed.version;
  for (let hour = 0; hour < 3; hour += 1) {
    clock.nowMs += 3_600_000;
    await lost.refresh();
  }
  clock.nowMs += 60_000;
  await backup.refresh();
  assert.ok((await version(backup)) > (await version(lost)));
});
