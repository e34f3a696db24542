import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { TryLaterError } from '../../agent/src/download/port.ts';
import type { SelfTestResult } from '../../agent/src/inference/port.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { createFakeArtifactSource, type FakeArtifactSource } from '../support/fake-artifact-source.ts';
import {
  contentOf,
  flipByte,
  makeBundle,
  makeBytes,
  makeKeyPair,
  type TestBundle,
} from '../support/test-bundle.ts';
import { composeOrder, signOrder } from '../support/test-order.ts';
import { until } from '../support/until.ts';
import { createUpdatedBox, DIRECTOR, type UpdatedBox } from '../support/updated-box.ts';

const V1 = makeBundle({ version: '1.0.0' });
const V2 = makeBundle({
  version: '2.0.0',
  files: { 'model.onnx': makeBytes(50_000, 2) },
});
const V3 = makeBundle({
  version: '3.0.0',
  files: { 'model.onnx': makeBytes(50_000, 3) },
});

const PATH = ['queued', 'downloading', 'downloaded', 'verifying', 'installing', 'testing', 'success'];

let dataDir = '';
let source: FakeArtifactSource;
let box: UpdatedBox;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'watchpost-deployment-'));
  source = createFakeArtifactSource();
  for (const bundle of [V1, V2, V3]) source.publish(bundle);
  box = await createUpdatedBox({ dataDir, source });
  for (const bundle of [V1, V2, V3, unfit]) await box.release(bundle);
});
afterEach(async () => {
  await box.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function order(bundle: TestBundle, overrides: Partial<Order> = {}): Promise<Order> {
  const composed = composeOrder(bundle, overrides);
  box.updater.onDesired({ order: await signOrder(composed, DIRECTOR.privateKey) });
  return composed;
}
/** Orders and waits until the deployment came to `state`. @returns the states on the way */
async function deploy(
  bundle: TestBundle,
  state: string,
  overrides: Partial<Order> = {},
): Promise<readonly string[]> {
  const { deploymentId } = await order(bundle, overrides);
  await box.reached(deploymentId, state);
  return box.statesOf(deploymentId);
}
/** The box runs V1, now and after a restart. */
async function assertRuns(bundle: TestBundle): Promise<void> {
  assert.equal(box.running(), bundle.digest);
  assert.equal((await box.bundles.loadChampion())?.slot.digest, bundle.digest);
}

test('an order is carried out state by state, and the new model is the one after a restart', async () => {
  assert.deepEqual(await deploy(V1, 'success'), PATH);
  assert.deepEqual(await deploy(V2, 'success'), PATH);
  await assertRuns(V2);
  const choice = { variant: 'fp32', threads: 2 };
  assert.deepEqual(await box.bundles.readSlots(), {
    champion: { digest: V2.digest, deploymentId: 'deploy-2.0.0', choice },
    previous: { digest: V1.digest, deploymentId: 'deploy-1.0.0', choice },
  });
});

test('while the new model is tested, the record still names the old one', async () => {
  await deploy(V1, 'success');
  let during: string | undefined;
  box.onActivate(async () => {
    during = (await box.bundles.readSlots()).champion?.digest;
  });
  await deploy(V2, 'success');
  assert.equal(during, V1.digest);
});

test('files the box has are not fetched again', async () => {
  await deploy(V1, 'success');
  const { sha256 } = contentOf(V1, 'model.onnx');
  const grown = makeBundle({
    version: '1.1.0',
    files: { 'model.onnx': contentOf(V1, 'model.onnx').bytes, 'golden/dog.bin': makeBytes(100, 9) },
  });
  source.publish(grown);
  await box.release(grown);
  await deploy(grown, 'success');
  assert.equal(source.fetched.filter((what) => what === `file ${sha256}`).length, 1);
});

test('the same order again, before or after its end, changes nothing', async () => {
  const held = source.hold();
  const composed = await order(V1);
  await held;
  const again = { order: await signOrder(composed, DIRECTOR.privateKey) };
  box.updater.onDesired(again);
  source.release();
  await box.reached(composed.deploymentId, 'success');
  box.updater.onDesired(again);
  await deploy(V2, 'success');
  assert.deepEqual(box.statesOf(composed.deploymentId), PATH);
});

test('whoever hears of a change finds the updater there already', async () => {
  await deploy(V1, 'success');
  assert.deepEqual([...new Set(box.recordsAtReport('deploy-1.0.0'))], PATH);
});

test('a new deployment of the bundle that runs is already installed', async () => {
  await deploy(V1, 'success');
  assert.deepEqual(await deploy(V1, 'already_installed', { deploymentId: 'again' }), ['already_installed']);
});

interface Refusal {
  readonly what: string;
  readonly bundle: TestBundle;
  readonly prepare?: () => void;
  readonly overrides?: Partial<Order>;
  readonly end: string;
  readonly reason: string;
}
const model = contentOf(V2, 'model.onnx');
const unknown = makeBundle({ version: '8.0.0' });
const future = makeBundle({ version: '2.0.0', manifest: { schemaVersion: 2 } });
const unfit = makeBundle({
  version: '2.1.0',
  manifest: { requires: { arch: ['riscv64'] } },
});
const REFUSALS: readonly Refusal[] = [
  {
    what: 'a bundle with one flipped byte',
    bundle: V2,
    prepare: () => source.files.set(model.sha256, flipByte(model.bytes)),
    end: 'failure',
    reason: 'BUNDLE_DIGEST_MISMATCH',
  },
  {
    what: 'a bundle with a missing file',
    bundle: V2,
    prepare: () => source.files.delete(model.sha256),
    end: 'noartifact',
    reason: 'BUNDLE_FILE_MISSING',
  },
  {
    what: 'a bundle that is not there at all',
    bundle: makeBundle({ version: '9.0.0' }),
    prepare: () => source.failNext(agentError('BUNDLE_FILE_MISSING', 'no such bundle')),
    end: 'noartifact',
    reason: 'BUNDLE_FILE_MISSING',
  },
  {
    what: 'a bundle that nobody signed',
    bundle: unknown,
    end: 'rejected',
    reason: 'TARGET_UNKNOWN',
  },
  { what: 'a manifest of a future schema', bundle: future, end: 'rejected', reason: 'MANIFEST_TOO_NEW' },
  { what: 'a bundle for other hardware', bundle: unfit, end: 'rejected', reason: 'BUNDLE_UNFIT' },
  {
    what: 'a manifest whose bytes are not those ordered',
    bundle: { ...V2, manifestBytes: flipByte(V2.manifestBytes, 40) },
    end: 'failure',
    reason: 'BUNDLE_DIGEST_MISMATCH',
  },
  {
    what: 'an order for another version than the manifest says',
    bundle: V2,
    overrides: { target: 'models/pets/7.0.0' },
    end: 'rejected',
    reason: 'ORDER_INVALID',
  },
  {
    what: 'an expired order',
    bundle: V2,
    overrides: { expiresMs: Date.now() - 1 },
    end: 'timed_out',
    reason: 'ORDER_INVALID',
  },
];

for (const { what, bundle, prepare, overrides, end, reason } of REFUSALS) {
  test(`${what} ends in ${end} with ${reason}; the box keeps running what it ran`, async () => {
    await deploy(V1, 'success');
    source.publish(bundle);
    prepare?.();
    const { deploymentId } = await order(bundle, overrides);
    await box.reached(deploymentId, end);
    const last = box.changesOf(deploymentId).at(-1);
    assert.equal(last?.reason, reason);
    assert.ok((last?.detail ?? '').length > 0);
    await assertRuns(V1);
  });
}

const failedSelfTest = (detail: string): SelfTestResult => ({
  kind: 'failed',
  code: 'SELFTEST_FAILED',
  detail,
  findings: { kind: 'self_test', trials: [] },
});

test('a model that fails its self-test ends in failure; the box keeps running what it ran', async () => {
  await deploy(V1, 'success');
  box.trial.script({ selfTest: async () => failedSelfTest('golden frame cat.bin gives 0.1') });
  assert.deepEqual((await deploy(V2, 'failure')).slice(-2), ['testing', 'failure']);
  assert.equal(box.changesOf('deploy-2.0.0').at(-1)?.reason, 'SELFTEST_FAILED');
  await assertRuns(V1);
});

test('an order somebody else signed is not carried out, and stops nothing', async () => {
  await deploy(V1, 'success');
  const held = source.hold();
  await order(V2);
  await held;
  const forged = composeOrder(V3);
  box.updater.onDesired({ order: await signOrder(forged, makeKeyPair().privateKey) });
  source.release();
  await box.reached('deploy-2.0.0', 'success');
  assert.deepEqual(box.statesOf(forged.deploymentId), []);
  await assertRuns(V2);
});

test('a newer order takes the place of the one that runs', async () => {
  const held = source.hold();
  await order(V2);
  await held;
  await order(V3);
  await box.reached('deploy-2.0.0', 'aborted');
  source.release();
  await box.reached('deploy-3.0.0', 'success');
  assert.deepEqual(box.statesOf('deploy-2.0.0'), ['queued', 'aborted']);
  assert.match(box.changesOf('deploy-2.0.0').at(-1)?.detail ?? '', /deploy-3\.0\.0/);
  assert.deepEqual(box.statesOf('deploy-3.0.0'), PATH);
  await assertRuns(V3);
});

test('while the server cannot be reached, the deployment waits, says so once, and goes on', async () => {
  source.failNext(
    agentError('SERVER_UNREACHABLE', 'no answer'),
    agentError('SERVER_UNREACHABLE', 'no answer'),
    new TryLaterError(agentError('DOWNLOAD_FAILED', 'HTTP 429'), 5),
  );
  assert.deepEqual(await deploy(V1, 'success'), ['queued', 'queued', ...PATH]);
  assert.deepEqual(
    box
      .changesOf('deploy-1.0.0')
      .map(({ reason }) => reason)
      .slice(0, 4),
    [undefined, 'SERVER_UNREACHABLE', 'DOWNLOAD_FAILED', undefined],
  );
});

test('what does not pass before the order expires is out of time', async () => {
  source.failNext(...Array.from({ length: 1000 }, () => agentError('SERVER_UNREACHABLE', 'no answer')));
  const states = await deploy(V1, 'timed_out', { expiresMs: Date.now() + 100 });
  assert.deepEqual(states, ['queued', 'queued', 'timed_out']);
  assert.equal(box.changesOf('deploy-1.0.0').at(-1)?.reason, 'SERVER_UNREACHABLE');
});

test('a deployment that a restart interrupts goes on where it was', async () => {
  const held = source.hold();
  await order(V1);
  await held;
  await box.restart();
  source.release();
  await deploy(V1, 'success');
  assert.deepEqual(box.statesOf('deploy-1.0.0'), PATH);
});

test('a model that takes the agent down three times is not started a fourth time', async () => {
  await deploy(V1, 'success');
  let starts = 0;
  for (let trial = 0; trial < 3; trial += 1) {
    const started = Promise.withResolvers<void>();
    box.trial.script({
      selfTest: async (bundle) => {
        if (bundle.digest !== V2.digest) return undefined;
        starts += 1;
        started.resolve();
        return new Promise(() => undefined);
      },
    });
    if (trial === 0) await order(V2);
    await started.promise;
    await box.crash();
  }
  await box.reached('deploy-2.0.0', 'failure');
  assert.equal(starts, 3);
  assert.equal(box.changesOf('deploy-2.0.0').at(-1)?.reason, 'DEPLOYMENT_INTERRUPTED');
  await assertRuns(V1);
});

test('a bundle that got damaged is fetched again when its order comes, without another report', async () => {
  await deploy(V1, 'success');
  await box.stop();
  await rm(join(dataDir, 'bundles', V1.digest, 'model.onnx'));
  await box.restart();
  assert.equal(await box.bundles.loadChampion(), undefined);
  await order(V1);
  await until(
    'it is the champion again',
    async () => (await box.bundles.readSlots()).champion?.digest === V1.digest,
  );
  await box.stop();
  await assertRuns(V1);
  assert.deepEqual(box.statesOf('deploy-1.0.0'), PATH);
});

test('when the disk is full, the deployment waits for room and the box keeps running what it ran', async (t) => {
  const heavy = makeBundle({ version: '4.0.0', files: { 'model.onnx': makeBytes(300_000, 4) } });
  source.publish(heavy);
  await box.release(heavy);
  await box.stop();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dataDir], {
    encoding: 'utf8',
  });
  if (mount.status !== 0) return t.skip(`cannot mount a small disk: ${mount.stderr || mount.error?.message}`);
  try {
    await box.restart();
    await deploy(V1, 'success');
    const ballast = join(dataDir, 'ballast');
    const { bavail, bsize } = await statfs(dataDir);
    // Room for what trust keeps, not for the bundle.
    await writeFile(ballast, makeBytes(bavail * bsize - 200_000));
    await order(heavy);
    await box.told('deploy-4.0.0', 'DISK_FULL');
    await assertRuns(V1);
    await rm(ballast);
    await box.reached('deploy-4.0.0', 'success');
    await assertRuns(heavy);
  } finally {
    await box.stop();
    spawnSync('umount', [dataDir]);
  }
});
