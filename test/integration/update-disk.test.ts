import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { createFakeArtifactSource, type FakeArtifactSource } from '../support/fake-artifact-source.ts';
import { contentOf, makeBundle, makeBytes, type TestBundle } from '../support/test-bundle.ts';
import { composeOrder, signOrder } from '../support/test-order.ts';
import { until } from '../support/until.ts';
import { createUpdatedBox, DIRECTOR, type UpdatedBox } from '../support/updated-box.ts';

const [V1, V2, V3] = [1, 2, 3].map((seed) =>
  makeBundle({ version: `${seed}.0.0`, files: { 'model.onnx': makeBytes(20_000, seed) } }),
) as [TestBundle, TestBundle, TestBundle];
const DISK_FULL = agentError('DISK_FULL', 'no room on the disk');
/** What is written beside the bundles. */
const RECORDS = ['saveDeployment', 'saveOrderMark', 'saveQuarantine', 'saveHistory'] as const;

let dataDir = '';
let source: FakeArtifactSource;
let box: UpdatedBox;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'watchpost-full-'));
  source = createFakeArtifactSource();
  box = await createUpdatedBox({ dataDir, source, settings: { minutes: 0.2 } });
  for (const bundle of [V1, V2, V3]) {
    source.publish(bundle);
    await box.release(bundle);
  }
});
afterEach(async () => {
  await box.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function order(bundle: TestBundle): Promise<string> {
  const composed = composeOrder(bundle);
  box.updater.onDesired({ order: await signOrder(composed, DIRECTOR.privateKey) });
  return composed.deploymentId;
}
async function deploy(bundle: TestBundle, state: string): Promise<string> {
  const id = await order(bundle);
  await box.reached(id, state);
  return id;
}

for (const name of RECORDS) {
  test(`when ${name} finds no room, the update goes on`, async () => {
    await deploy(V1, 'success');
    box.life.fail(DISK_FULL, name);
    await deploy(V2, 'success');
    await box.restart();
    assert.equal(box.running(), V2.digest);
  });
}

for (const name of ['checkRoom', 'install', 'saveChallenger', 'prepareSwitch'] as const) {
  test(`when ${name} finds no room, the update waits for it, says so once, and goes on`, async () => {
    await deploy(V1, 'success');
    box.life.fail(DISK_FULL, name);
    const id = await order(V2);
    await box.told(id, 'DISK_FULL');
    assert.equal(box.running(), V1.digest);
    box.life.fail(DISK_FULL);
    await box.reached(id, 'success');
    assert.equal(box.changesOf(id).filter(({ reason }) => reason === 'DISK_FULL').length, 1);
    assert.equal(box.running(), V2.digest);
  });
}

test('where there is no room for a download, the rest of the box gives way', async () => {
  const asked: number[] = [];
  box.onFreeRoom((bytes) => {
    asked.push(bytes);
    box.life.fail(DISK_FULL);
  });
  await deploy(V1, 'success');
  const graphs = join(dataDir, 'graphs');
  await mkdir(graphs);
  await writeFile(join(graphs, `${contentOf(V1, 'model.onnx').sha256}-ready`), makeBytes(10));
  box.life.fail(DISK_FULL, 'checkRoom');
  const id = await deploy(V2, 'success');
  assert.deepEqual(asked, [0]);
  assert.ok(!box.changesOf(id).some(({ reason }) => reason === 'DISK_FULL'));
  assert.deepEqual(await readdir(graphs), []);
});

test('a rollback needs no room at all', async () => {
  await deploy(V1, 'success');
  box.vitals.fare(V2.digest, { classified: 0, failed: 10 });
  box.vitals.onSecond(() => {
    if (box.running() === V2.digest) box.life.fail(DISK_FULL, ...RECORDS, 'saveChallenger', 'prepareSwitch');
  });
  const id = await deploy(V2, 'rolled_back');
  assert.equal(box.running(), V1.digest);
  assert.equal((await box.bundles.readSlots()).champion?.digest, V1.digest);
  assert.equal(box.changesOf(id).at(-1)?.reason, 'PROBATION_FAILED');
  await box.restart();
  assert.equal(box.running(), V1.digest);
});

test('what could not be saved of the quarantine is saved when there is room', async () => {
  await deploy(V1, 'success');
  box.trial.script({ shadow: async () => ({ errors: 1 }) });
  box.life.fail(DISK_FULL, 'saveQuarantine');
  await deploy(V2, 'failure');
  box.life.fail(DISK_FULL);
  box.trial.script({});
  await deploy(V3, 'success');
  assert.deepEqual(
    (await box.bundles.readQuarantine()).map(({ digest }) => digest),
    [V2.digest],
  );
});

test('an end that could not be saved is saved soon after the disk takes it again', async () => {
  await deploy(V1, 'success');
  box.life.fail(DISK_FULL, 'saveDeployment');
  const id = await deploy(V2, 'success');
  box.life.fail(DISK_FULL);
  await until('the end is on the disk', async () => {
    const record = await box.bundles.readDeployment();
    return record?.deploymentId === id && record.phase === 'success';
  });
});

test('on a disk that is really full, the box goes back to the model before', async (t) => {
  await box.stop();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dataDir], { encoding: 'utf8' });
  if (mount.status !== 0) return t.skip(`cannot mount a small disk: ${mount.stderr || mount.error?.message}`);
  try {
    await box.restart();
    await deploy(V1, 'success');
    box.vitals.fare(V2.digest, { classified: 5 });
    const filled = Promise.withResolvers<void>();
    box.trial.script({
      switchTo: async ({ digest }) => {
        if (digest !== V2.digest) return;
        const { bavail, bsize } = await statfs(dataDir);
        await writeFile(join(dataDir, 'ballast'), makeBytes(bavail * bsize - bsize)).catch(() => undefined);
        await writeFile(join(dataDir, 'ballast-rest'), makeBytes(2 * bsize)).catch(() => undefined);
        assert.equal((await statfs(dataDir)).bavail, 0);
        filled.resolve();
      },
    });
    const id = await order(V2);
    await filled.promise;
    await box.reached(id, 'rolled_back');
    assert.equal(box.running(), V1.digest);
    await box.restart();
    assert.equal(box.running(), V1.digest);
  } finally {
    await box.stop();
    spawnSync('umount', [dataDir]);
  }
});

test('what an aborted download left makes room for the next one', async () => {
  await deploy(V1, 'success');
  const left = `${'9'.repeat(64)}.part`;
  await writeFile(join(dataDir, 'objects', left), makeBytes(1_000));
  await deploy(V2, 'success');
  assert.ok(!(await readdir(join(dataDir, 'objects'))).includes(left));
});

test('a start removes what a power cut left, and nothing a slot refers to', async () => {
  await deploy(V1, 'success');
  await deploy(V2, 'success');
  await box.stop();
  await writeFile(join(dataDir, 'objects', '8'.repeat(64)), makeBytes(1_000));
  await box.restart();
  await box.stop();
  assert.ok(!(await readdir(join(dataDir, 'objects'))).includes('8'.repeat(64)));
  assert.deepEqual((await readdir(join(dataDir, 'bundles'))).sort(), [V1.digest, V2.digest].sort());
});
