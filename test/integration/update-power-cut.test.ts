import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEPLOYMENT_LIFECYCLE } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance, isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { isOpen, PHASES } from '../../agent/src/update/phases.ts';
import { createFakeArtifactSource } from '../support/fake-artifact-source.ts';
import { makeBundle, makeBytes, type TestBundle } from '../support/test-bundle.ts';
import { composeOrder, signOrder } from '../support/test-order.ts';
import { createUpdatedBox, DIRECTOR, type UpdatedBox } from '../support/updated-box.ts';

/** What the server does at a connection: it tells the order again. */
async function tell(box: UpdatedBox, order: Order): Promise<void> {
  box.updater.onDesired({ order: await signOrder(order, DIRECTOR.privateKey) });
}

/** Three bundles in turn: the one before the champion is on the disk no more. */
interface Bench {
  readonly box: UpdatedBox;
  readonly bundles: readonly [TestBundle, TestBundle, TestBundle];
}

async function withBox(work: (bench: Bench) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-power-cut-'));
  const source = createFakeArtifactSource();
  const box = await createUpdatedBox({ dataDir, source, settings: { minutes: 0.1 } });
  const bundles = [1, 2, 3].map((seed) =>
    makeBundle({
      version: `${seed}.0.0`,
      files: { 'model.onnx': makeBytes(2_000, seed), 'golden/cat.bin': makeBytes(100, seed) },
    }),
  ) as unknown as Bench['bundles'];
  try {
    for (const bundle of bundles) {
      source.publish(bundle);
      await box.release(bundle);
    }
    await work({ box, bundles });
  } finally {
    await box.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function install(box: UpdatedBox, bundle: TestBundle): Promise<void> {
  const order = composeOrder(bundle, { deploymentId: 'first' });
  await tell(box, order);
  await settled(box, order);
}

/** Cuts the power before the step after `steps`, and boots again. @returns false when it was over by then */
async function cutPower(box: UpdatedBox, order: Order, steps: number): Promise<boolean> {
  await box.restart();
  const { life } = box;
  life.dieAfter(steps);
  await tell(box, order);
  await Promise.race([life.death, settled(box, order)]);
  if (!life.isDead()) await box.stop();
  if (!life.isDead()) {
    await box.restart();
    return false;
  }
  await box.crash();
  const phase = box.updater.current()?.phase;
  const isOwn = box.updater.current()?.deploymentId === order.deploymentId;
  // From the self-test on, nobody has to tell the box anything: it may be offline for days.
  const needsOrder = !isOwn || (phase !== undefined && isOpen(phase) && PHASES[phase].needs === 'order');
  if (needsOrder) await tell(box, order);
  await settled(box, order);
  return true;
}

async function settled(box: UpdatedBox, { deploymentId }: Order): Promise<void> {
  await Promise.race(ENDS.map((end) => box.reached(deploymentId, end)));
}
const ENDS = ['success', 'failure', 'rolled_back', 'rejected', 'already_installed', 'kept'];

/** Repetitions are known to the server; nothing else may go back. */
function assertInOrder(box: UpdatedBox, { deploymentId }: Order): void {
  const states = box.changesOf(deploymentId).map(({ state }) => state);
  let at: (typeof states)[number] = 'pending';
  for (const state of states) {
    if (state === at) continue;
    assert.ok(advance(DEPLOYMENT_LIFECYCLE, at, state), `${states.join(', ')}: ${at} -> ${state}`);
    at = state;
  }
  assert.ok(isTerminal(DEPLOYMENT_LIFECYCLE, at));
}

test('a power cut between any two steps of an update changes neither its end nor the order of its reports', async () => {
  await withBox(async ({ box, bundles }) => {
    await install(box, bundles[0]);
    let [steps, isCut] = [0, true];
    for (; isCut; steps += 1) {
      const bundle = bundles[(steps + 1) % 3] ?? bundles[0];
      const order = composeOrder(bundle, { deploymentId: `after-${steps}` });
      isCut = await cutPower(box, order, steps);
      assert.equal(box.running(), bundle.digest, `after ${steps} steps`);
      assert.equal((await box.bundles.readSlots()).champion?.digest, bundle.digest);
      assertInOrder(box, order);
      assert.equal(box.statesOf(order.deploymentId).at(-1), 'success', `after ${steps} steps`);
    }
    assert.ok(steps > 35, `${steps} steps`);
  });
});

test('a power cut between any two steps of a rollback ends in the model before', async () => {
  await withBox(async ({ box, bundles }) => {
    const [good, ...others] = bundles;
    for (const { digest } of others) box.vitals.fare(digest, { classified: 0, failed: 10 });
    await install(box, good);
    let [steps, isCut] = [0, true];
    for (; isCut; steps += 1) {
      const bundle = others[steps % 2] ?? good;
      const order = composeOrder(bundle, { deploymentId: `after-${steps}`, liftQuarantine: true });
      isCut = await cutPower(box, order, steps);
      assert.equal(box.running(), good.digest, `after ${steps} steps`);
      assert.equal((await box.bundles.readSlots()).champion?.digest, good.digest);
      assertInOrder(box, order);
      const last = box.changesOf(order.deploymentId).at(-1);
      assert.deepEqual(
        [last?.state, last?.reason],
        ['rolled_back', 'PROBATION_FAILED'],
        `after ${steps} steps`,
      );
    }
    assert.ok(steps > 35, `${steps} steps`);
  });
});

test('a power cut between any two steps of the first installation ends well', async () => {
  for (let steps = 0, isCut = true; isCut; steps += 3) {
    await withBox(async ({ box, bundles: [bundle] }) => {
      const order = composeOrder(bundle);
      isCut = await cutPower(box, order, steps);
      assert.equal(box.running(), bundle.digest, `after ${steps} steps`);
      assertInOrder(box, order);
    });
  }
});

test('a power cut between any two steps of a soft order changes neither its end nor the order of its reports', async () => {
  await withBox(async ({ box, bundles }) => {
    await install(box, bundles[0]);
    let [steps, isCut] = [0, true];
    for (; isCut; steps += 1) {
      const bundle = bundles[(steps + 1) % 3] ?? bundles[0];
      const softUntilMs = Date.now() + 3_600_000;
      const order = composeOrder(bundle, { deploymentId: `after-${steps}`, type: 'soft', softUntilMs });
      isCut = await cutPower(box, order, steps);
      assert.equal(box.running(), bundle.digest, `after ${steps} steps`);
      assertInOrder(box, order);
      const states = box.statesOf(order.deploymentId);
      assert.ok(states.includes('waiting_for_quiet'), states.join(' '));
      assert.equal(states.at(-1), 'success', `after ${steps} steps`);
    }
    assert.ok(steps > 35, `${steps} steps`);
  });
});

test('a power cut between any two steps of a download-only order leaves the bundle kept and the champion as it was', async () => {
  await withBox(async ({ box, bundles }) => {
    const [good, ...others] = bundles;
    await install(box, good);
    let [steps, isCut] = [0, true];
    for (; isCut; steps += 1) {
      const bundle = others[steps % 2] ?? good;
      const order = composeOrder(bundle, { deploymentId: `after-${steps}`, type: 'download_only' });
      isCut = await cutPower(box, order, steps);
      assert.equal(box.running(), good.digest, `after ${steps} steps`);
      assertInOrder(box, order);
      assert.equal(box.statesOf(order.deploymentId).at(-1), 'kept', `after ${steps} steps`);
      assert.equal((await box.bundles.readKept())?.digest, bundle.digest);
      assert.equal((await box.bundles.loadBundle(bundle.digest)).digest, bundle.digest);
    }
    assert.ok(steps > 15, `${steps} steps`);
  });
});
