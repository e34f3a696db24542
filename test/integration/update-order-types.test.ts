import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { isSound } from '../../agent/src/update/object-files.ts';
import { contentOf, makeBundle, makeBytes, type TestBundle } from '../support/test-bundle.ts';
import { openTrialBench, type TrialBench, V1, V2, V3 } from '../support/trial-bench.ts';

let bench: TrialBench;
beforeEach(async () => {
  bench = await openTrialBench();
  await bench.deploy(V1, 'success');
});
afterEach(() => bench.close());

const FETCHED = ['queued', 'downloading', 'downloaded', 'verifying'];
const DAY_MS = 86_400_000;
const soft = (untilMs = Date.now() + DAY_MS) => ({ type: 'soft', softUntilMs: untilMs }) as const;
const KEEP = { type: 'download_only' } as const;

/** Resolves when so many seconds of waiting went by. */
function waitedSeconds(seconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = seconds;
  bench.box.vitals.onSecond(() => {
    if (bench.box.updater.current()?.phase === 'waiting') left -= 1;
    if (left <= 0) resolve();
  });
  return promise;
}
const isFetched = (bundle: TestBundle): number =>
  bench.source.fetched.filter((what) => what === `file ${contentOf(bundle, 'model.onnx').sha256}`).length;
async function isOnDisk(bundle: TestBundle): Promise<boolean> {
  const { manifest, digest } = bundle;
  const sound = await Promise.all(
    manifest.files.map((file) => isSound(join(bench.dataDir, 'bundles', digest, file.path), file)),
  ).catch(() => [false]);
  return sound.every(Boolean);
}

test('a soft order is downloaded and verified at once, and installed when nothing is seen any more', async () => {
  bench.box.sees(true);
  const waited = waitedSeconds(300);
  const id = await bench.order(V2, soft());
  await waited;
  assert.deepEqual(bench.box.statesOf(id), [...FETCHED, 'waiting_for_quiet']);
  assert.match(bench.lastOf(id)?.detail ?? '', /until no camera sees anything, 20\d\d-.* at the latest/);
  assert.ok(await isOnDisk(V2));
  assert.equal(bench.box.running(), V1.digest);
  assert.ok(!bench.box.trial.steps.includes('selfTest 2.0.0'), 'not even tested');
  bench.box.sees(false);
  await bench.box.reached(id, 'success');
  assert.deepEqual(bench.box.statesOf(id), [...FETCHED, 'waiting_for_quiet', 'testing', 'success']);
  await bench.assertRuns(V2);
});

test('a soft order whose time has come is installed, whatever is seen', async () => {
  bench.box.sees(true);
  const id = await bench.deploy(V2, 'success', soft(Date.now() - 1));
  assert.ok(bench.box.statesOf(id).includes('waiting_for_quiet'));
  await bench.assertRuns(V2);
});

test('a wait that is killed goes on after the restart, without order, server or another download', async () => {
  bench.box.sees(true);
  const begun = waitedSeconds(5);
  const id = await bench.order(V2, soft());
  await begun;
  const fetched = bench.source.fetched.length;
  for (let restarts = 0; restarts < 45; restarts += 1) await bench.box.crash();
  const goesOn = waitedSeconds(5);
  await goesOn;
  assert.equal(bench.box.running(), V1.digest);
  assert.equal(bench.lastOf(id)?.state, 'waiting_for_quiet');
  bench.box.sees(false);
  await bench.box.reached(id, 'success');
  assert.equal(bench.source.fetched.length, fetched);
  assert.deepEqual(bench.box.statesOf(id), [...FETCHED, 'waiting_for_quiet', 'testing', 'success']);
  await bench.assertRuns(V2);
});

test('after bad starts a wait goes on: nothing was tried', async () => {
  bench.box.sees(true);
  const begun = waitedSeconds(2);
  const id = await bench.order(V2, soft());
  await begun;
  await bench.box.crash({ isCautious: true });
  await waitedSeconds(2);
  assert.equal(bench.lastOf(id)?.state, 'waiting_for_quiet');
});

test('the same order told again does not disturb a wait; a newer one takes its place', async () => {
  bench.box.sees(true);
  const begun = waitedSeconds(2);
  const id = await bench.order(V2, soft());
  await begun;
  const next = await bench.deploy(V3, 'success');
  assert.deepEqual(bench.box.statesOf(id), [...FETCHED, 'waiting_for_quiet', 'aborted']);
  assert.match(bench.lastOf(id)?.detail ?? '', new RegExp(next));
  await bench.assertRuns(V3);
  await bench.box.stop();
  assert.ok(!(await isOnDisk(V2)), 'nobody needs it any more');
});

test('an order for what runs ends a wait', async () => {
  bench.box.sees(true);
  const begun = waitedSeconds(2);
  const id = await bench.order(V2, soft());
  await begun;
  await bench.deploy(V1, 'already_installed', { deploymentId: 'back' });
  assert.equal(bench.lastOf(id)?.state, 'aborted');
  await bench.assertRuns(V1);
});

test('a soft model that fails its test is a failure as any other', async () => {
  bench.box.trial.script({
    selfTest: async ({ digest }) =>
      digest === V2.digest
        ? {
            kind: 'failed',
            code: 'SELFTEST_FAILED',
            detail: 'cat',
            findings: { kind: 'self_test', trials: [] },
          }
        : undefined,
  });
  await bench.deploy(V2, 'failure', soft());
  await bench.assertRuns(V1);
});

test('a download-only order is verified and kept, and changes nothing that runs', async () => {
  const before = await bench.box.bundles.readSlots();
  const id = await bench.deploy(V2, 'kept', KEEP);
  assert.deepEqual(bench.box.statesOf(id), [...FETCHED, 'kept']);
  assert.ok(await isOnDisk(V2));
  assert.deepEqual(await bench.box.bundles.readSlots(), before);
  assert.ok(!bench.box.trial.steps.includes('selfTest 2.0.0'));
  await bench.assertRuns(V1);
});

test('what is kept outlives restarts and other orders, and is then installed without another download', async () => {
  await bench.deploy(V2, 'kept', KEEP);
  await bench.deploy(V3, 'success');
  await bench.box.restart();
  assert.ok(await isOnDisk(V2));
  assert.equal(isFetched(V2), 1);
  await bench.deploy(V2, 'success', { deploymentId: 'now' });
  assert.equal(isFetched(V2), 1);
  await bench.assertRuns(V2);
  assert.equal(await bench.box.bundles.readKept(), undefined, 'what runs is in its slot');
});

test('what is kept next replaces what was kept', async () => {
  await bench.deploy(V2, 'kept', KEEP);
  await bench.deploy(V3, 'kept', KEEP);
  await bench.box.stop();
  assert.deepEqual(await readdir(join(bench.dataDir, 'bundles')), [V1.digest, V3.digest].sort());
});

test('what is kept gives way to an order when the disk is full', async () => {
  await bench.deploy(V2, 'kept', KEEP);
  bench.box.life.fail(agentError('DISK_FULL', 'no room'), 'checkRoom');
  const id = await bench.order(V3);
  await bench.box.told(id, 'DISK_FULL');
  assert.ok(!(await isOnDisk(V2)));
  await bench.box.restart();
  await bench.deploy(V3, 'success', { deploymentId: 'again' });
});

/** Asks for as much of the disk as it takes. */
const demanding = (seed: number): TestBundle =>
  makeBundle({
    version: `4.${seed}.0`,
    files: { 'model.onnx': makeBytes(60_000, seed) },
    manifest: { requires: { diskBytes: 60_000 } },
  });

for (const next of ['the same', 'another'] as const) {
  test(`what is kept is no hindrance to an order for ${next} bundle that needs as much of the disk`, async () => {
    const kept = demanding(1);
    const ordered = next === 'the same' ? kept : demanding(2);
    await bench.reopen({ diskBytes: 100_000 });
    for (const bundle of [kept, ordered]) {
      bench.source.publish(bundle);
      await bench.box.release(bundle);
    }
    await bench.deploy(kept, 'kept', KEEP);
    await bench.deploy(ordered, 'success', { deploymentId: 'now' });
    await bench.assertRuns(ordered);
  });
}

test('what is kept gives way to an order where models may not take so much', async () => {
  const bytes = (bundle: TestBundle): number =>
    bundle.manifest.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await bench.reopen({ maxBytes: bytes(V1) + bytes(V2) + 5_000 });
  await bench.deploy(V2, 'kept', KEEP);
  await bench.deploy(V3, 'success', { deploymentId: 'third' });
  assert.ok(!(await isOnDisk(V2)));
});

test('what is kept is fetched again when it got damaged, and the record of it may be torn', async () => {
  await bench.deploy(V2, 'kept', KEEP);
  await bench.box.stop();
  await rm(join(bench.dataDir, 'bundles', V2.digest, 'model.onnx'));
  await writeFile(join(bench.dataDir, 'kept.json'), '{"digest":');
  await bench.box.restart();
  await bench.deploy(V2, 'success', { deploymentId: 'now' });
  await bench.assertRuns(V2);
});

test('a download-only order for what runs is already installed, and one nobody signed is rejected', async () => {
  await bench.deploy(V1, 'already_installed', { ...KEEP, deploymentId: 'same' });
  await bench.deploy(V2, 'rejected', { ...KEEP, target: 'models/pets/9.9.9' });
  assert.equal(await bench.box.bundles.readKept(), undefined);
});

test('a bundle that was kept and then failed here is kept no more', async () => {
  await bench.deploy(V2, 'kept', KEEP);
  bench.box.vitals.fare(V2.digest, { classified: 0, failed: 10 });
  await bench.deploy(V2, 'rolled_back', { deploymentId: 'now' });
  await bench.box.stop();
  assert.equal(await bench.box.bundles.readKept(), undefined);
  assert.deepEqual(await readdir(join(bench.dataDir, 'bundles')), [V1.digest]);
});
