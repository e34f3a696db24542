import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { openFileBundleStore } from '../../agent/src/update/file-bundle-store.ts';
import type { BundleStore } from '../../agent/src/update/port.ts';
import { contentOf, flipByte, makeBundle, makeBytes, type TestBundle } from '../support/test-bundle.ts';

const shared = makeBytes(5_000, 50);
const [V1, V2, V3] = [1, 2, 3].map((number) =>
  makeBundle({
    version: `${number}.0.0`,
    files: { 'model.onnx': makeBytes(20_000, number), 'golden/cat.bin': shared },
  }),
) as [TestBundle, TestBundle, TestBundle];

let dataDir = '';
let store: BundleStore;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'watchpost-bundles-'));
  store = await open();
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const open = (reserveBytes = 0) => openFileBundleStore({ dataDir, log: silentLogger, reserveBytes });
const bundlePath = (bundle: TestBundle, path: string) => join(dataDir, 'bundles', bundle.digest, path);

async function deliver(bundle: TestBundle): Promise<readonly string[]> {
  const missing = await store.listMissing(bundle.manifest);
  for (const file of missing) await writeFile(store.objectPath(file), contentOf(bundle, file.path).bytes);
  return missing.map(({ path }) => path);
}
async function makeActive(bundle: TestBundle): Promise<void> {
  await deliver(bundle);
  await store.install(bundle.manifest);
  await store.prepareSwitch(slotOf(bundle));
  await store.commitSwitch();
  await store.endTrial();
}
const slotOf = ({ digest, manifest }: TestBundle) => ({ digest, deploymentId: `deploy-${manifest.version}` });
const champion = async (of = store) => (await of.loadChampion())?.slot.digest;
/** Writes other bytes into the file itself, as a dying disk does: hard links see them too. */
async function damage(path: string): Promise<void> {
  await writeFile(path, flipByte(await readFile(path), 10), { flag: 'r+' });
}

test('a new box has no champion', async () => {
  assert.equal(await store.loadChampion(), undefined);
  assert.deepEqual(await store.readSlots(), {});
  assert.equal(await store.readBack(), undefined);
  assert.equal(await store.readDeployment(), undefined);
});

test('an installed bundle is active only after the switch, and after a restart too', async () => {
  await deliver(V1);
  const installed = await store.install(V1.manifest);
  assert.deepEqual(await readFile(join(installed.folder, 'golden/cat.bin')), Buffer.from(shared));
  await store.prepareSwitch(slotOf(V1));
  assert.equal(await (await open()).loadChampion(), undefined);
  await store.commitSwitch();
  assert.deepEqual(await (await open()).loadChampion(), { bundle: installed, slot: slotOf(V1) });
});

test('only what the box does not have is missing, each content once', async () => {
  assert.deepEqual(await deliver(V1), ['model.onnx', 'golden/cat.bin']);
  assert.deepEqual(await deliver(V2), ['model.onnx']);
  const twice = makeBundle({
    files: { 'a.onnx': makeBytes(9, 9), 'b.onnx': makeBytes(9, 9) },
  });
  assert.equal((await store.listMissing(twice.manifest)).length, 1);
});

test('a file on the box that got damaged is missing', async () => {
  await deliver(V1);
  await damage(store.objectPath(contentOf(V1, 'model.onnx')));
  assert.deepEqual(await deliver(V1), ['model.onnx']);
});

test('the same content lies on the disk once', async () => {
  await makeActive(V1);
  await makeActive(V2);
  const [first, second] = await Promise.all(
    [V1, V2].map((bundle) => stat(bundlePath(bundle, 'golden/cat.bin'))),
  );
  assert.equal(first?.ino, second?.ino);
});

test('a bundle is installed wholly or not at all', async () => {
  await deliver(V1);
  await rm(store.objectPath(contentOf(V1, 'golden/cat.bin')));
  await assert.rejects(store.install(V1.manifest), { code: 'STORE_FAILED' });
  assert.ok(!(await readdir(join(dataDir, 'bundles'))).includes(V1.digest));
  await deliver(V1);
  await store.install(V1.manifest);
  assert.ok((await readdir(join(dataDir, 'bundles'))).includes(V1.digest));
});

test('what an interrupted installation left is replaced', async () => {
  await deliver(V1);
  for (const path of [bundlePath(V1, 'model.onnx'), join(dataDir, 'bundles', `${V1.digest}.new`, 'junk')]) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'half');
  }
  const { folder } = await store.install(V1.manifest);
  assert.deepEqual((await readdir(folder)).sort(), ['golden', 'manifest.json', 'model.onnx']);
});

for (const [what, hurt] of [
  ['has a flipped byte', () => damage(bundlePath(V2, 'model.onnx'))],
  ['lacks a file', () => rm(bundlePath(V2, 'golden/cat.bin'))],
  ['has another manifest', () => writeFile(bundlePath(V2, 'manifest.json'), V1.manifestBytes)],
  ['has no readable manifest', () => writeFile(bundlePath(V2, 'manifest.json'), '{')],
  ['is gone', () => rm(dirname(bundlePath(V2, 'x')), { recursive: true })],
] as const) {
  test(`when the champion ${what}, the previous one takes its place`, async () => {
    await makeActive(V1);
    await makeActive(V2);
    await hurt();
    assert.equal(await champion(), V1.digest);
    assert.deepEqual(await store.readSlots(), { champion: slotOf(V1) });
  });
}

test('when both bundles are damaged, there is none, and the next installation mends it', async () => {
  await makeActive(V1);
  await makeActive(V2);
  await damage(bundlePath(V1, 'golden/cat.bin'));
  assert.equal(await champion(), undefined);
  assert.deepEqual(await store.readSlots(), {});
  await makeActive(V2);
  assert.equal(await champion(), V2.digest);
});

test('a damaged record is set aside', async () => {
  await makeActive(V1);
  await writeFile(join(dataDir, 'slots.json'), '{"digest":');
  assert.deepEqual(await store.readSlots(), {});
  assert.ok((await readdir(dataDir)).includes('slots.json.damaged'));
});

test('when the slots are lost after a deployment that failed, the champion is still known', async () => {
  await makeActive(V1);
  await makeActive(V2);
  await store.saveDeployment({ ...slotOf(V3), phase: 'failure', transitions: 3, trials: 0 });
  for (const lost of ['{"champ', undefined]) {
    const slots = join(dataDir, 'slots.json');
    if (lost === undefined) await rm(slots);
    else await writeFile(slots, lost);
    store = await open();
    assert.equal(await champion(), V2.digest);
    assert.equal((await store.readSlots()).champion?.digest, V2.digest);
  }
});

test('the champion and the previous bundle are kept, the rest goes', async () => {
  for (const bundle of [V1, V2, V3]) await makeActive(bundle);
  await writeFile(join(dataDir, 'objects', `${'0'.repeat(64)}.part`), 'half');
  await store.removeUnused();
  assert.deepEqual((await readdir(join(dataDir, 'bundles'))).sort(), [V2.digest, V3.digest].sort());
  const kept = [V2, V3].map((bundle) => contentOf(bundle, 'model.onnx').sha256);
  const objects = await readdir(join(dataDir, 'objects'));
  assert.deepEqual(objects.sort(), [...kept, contentOf(V1, 'golden/cat.bin').sha256].sort());
  assert.equal(await champion(), V3.digest);
});

test('a deployment is remembered across restarts', async () => {
  const record = {
    deploymentId: 'd1',
    digest: V1.digest,
    phase: 'shadowing',
    trials: 1,
    transitions: 7,
  } as const;
  await store.saveDeployment(record);
  assert.deepEqual(await (await open()).readDeployment(), record);
});

test('a download that would leave too little room is refused before it begins', async () => {
  await store.checkRoom(V1.manifest.files);
  assert.equal(await store.readShortageBytes(V1.manifest.files), 0);
  const roomless = await open(2 ** 50);
  await assert.rejects(roomless.checkRoom(V1.manifest.files), {
    code: 'DISK_FULL',
    message: /25000 more bytes/,
  });
});

test('what lies here of a bundle, and what makes room for it, is no hindrance to it', async () => {
  const V1_AND_V2 = [V1, V2];
  for (const { manifest } of V1_AND_V2) assert.equal(await store.readReclaimable(manifest), 0);
  await makeActive(V1);
  assert.equal(await store.readReclaimable(V1.manifest), 25_000);
  assert.equal(await store.readReclaimable(V2.manifest), 5_000, 'what both have is here already');
  await writeFile(`${store.objectPath(contentOf(V2, 'model.onnx'))}.part`, makeBytes(7_000, 2));
  for (const { manifest } of [V2, V3]) assert.equal(await store.readReclaimable(manifest), 12_000);
  await deliver(V3);
  await store.install(V3.manifest);
  await store.saveKept({ digest: V3.digest, deploymentId: 'kept' });
  for (const { manifest } of [V2, V3]) assert.equal(await store.readReclaimable(manifest), 32_000);
});

test('graphs that were made ready are made again: they are no hindrance to a bundle', async () => {
  await makeActive(V1);
  const before = await store.readReclaimable(V2.manifest);
  const graph = join(dataDir, 'graphs', `${contentOf(V1, 'model.onnx').sha256}-made-for-this-box`);
  await mkdir(join(dataDir, 'graphs'));
  await writeFile(graph, makeBytes(30_000));
  await store.removeUnused();
  assert.equal(await store.readReclaimable(V2.manifest), before + 30_000);
  await store.dropGraphs();
  assert.deepEqual(await readdir(join(dataDir, 'graphs')), []);
});

test('what is downloaded already needs no room', async () => {
  const [model] = V1.manifest.files;
  assert.ok(model !== undefined);
  await writeFile(`${store.objectPath(model)}.part`, makeBytes(15_000));
  const roomless = await open(2 ** 50);
  await assert.rejects(roomless.checkRoom([model]), { code: 'DISK_FULL', message: /5000 more bytes/ });
});

test('on a full disk a bundle is not installed, and what was there stays', async (t) => {
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', dataDir], {
    encoding: 'utf8',
  });
  if (mount.status !== 0) return t.skip(`cannot mount a small disk: ${mount.stderr || mount.error?.message}`);
  try {
    store = await open();
    await makeActive(V1);
    await deliver(V2);
    await assert.rejects(writeFile(join(dataDir, 'ballast'), makeBytes(200_000)), { code: 'ENOSPC' });
    await assert.rejects(store.install(V2.manifest), { code: 'DISK_FULL' });
    assert.equal(await champion(), V1.digest);
  } finally {
    spawnSync('umount', [dataDir]);
  }
});
