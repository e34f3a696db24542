import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { openTrialBench, type TrialBench, V1, V2 } from '../support/trial-bench.ts';

let bench: TrialBench;
beforeEach(async () => {
  bench = await openTrialBench();
});
afterEach(() => bench.close());

test('a probation goes on after a restart without order or server, where it was', async () => {
  await bench.deploy(V1, 'success');
  const seen = bench.watching(40);
  const id = await bench.order(V2);
  await seen;
  await bench.box.restart();
  await bench.box.reached(id, 'success');
  const probation = bench.box.changesOf(id).find(({ findings }) => findings?.kind === 'probation')?.findings;
  assert.ok(probation?.kind === 'probation' && probation.windowSec < 62, 'the time before counts');
});

test('a model under which the agent does not stay is rolled back', async () => {
  await bench.deploy(V1, 'success');
  let seen = bench.watching();
  const id = await bench.order(V2);
  for (let restarts = 0; restarts < 4; restarts += 1) {
    await seen;
    seen = bench.watching();
    await bench.box.crash();
  }
  await bench.box.reached(id, 'rolled_back');
  assert.match(bench.lastOf(id)?.detail ?? '', /agent_restarts is 4, limit 3/);
  await bench.assertRuns(V1);
});

test('a champion on trial that got damaged gives way to the one before', async () => {
  await bench.deploy(V1, 'success');
  const seen = bench.watching();
  const id = await bench.order(V2);
  await seen;
  await bench.box.stop();
  await rm(join(bench.dataDir, 'bundles', V2.digest, 'model.onnx'));
  await bench.box.restart();
  assert.equal(bench.box.running(), V1.digest);
  await bench.box.reached(id, 'rolled_back');
  assert.equal(bench.lastOf(id)?.reason, 'BUNDLE_DIGEST_MISMATCH');
});

test('a champion on trial that cannot be loaded at a start gives way to the one before', async () => {
  await bench.deploy(V1, 'success');
  const seen = bench.watching();
  const id = await bench.order(V2);
  await seen;
  await bench.box.stop();
  bench.box.onActivate(async ({ digest }) => {
    if (digest === V2.digest) throw agentError('MODEL_UNREADABLE', 'not a model');
  });
  await bench.box.restart();
  assert.equal(bench.box.running(), V1.digest);
  await bench.box.reached(id, 'rolled_back');
  assert.equal(bench.lastOf(id)?.reason, 'MODEL_UNREADABLE');
});

test('after bad starts a model on trial is rolled back', async () => {
  await bench.deploy(V1, 'success');
  const seen = bench.watching();
  const id = await bench.order(V2);
  await seen;
  await bench.box.crash({ isCautious: true });
  assert.equal(bench.box.running(), V1.digest);
  await bench.box.reached(id, 'rolled_back');
  assert.equal(bench.lastOf(id)?.reason, 'DEPLOYMENT_INTERRUPTED');
  await bench.assertRuns(V1);
});

for (const step of ['selfTest', 'shadow'] as const) {
  test(`after bad starts a deployment in its ${step} is given up`, async () => {
    await bench.deploy(V1, 'success');
    const begun = bench.hang(step, V2);
    const id = await bench.order(V2);
    await begun;
    await bench.box.crash({ isCautious: true });
    await bench.box.reached(id, 'failure');
    assert.equal(bench.lastOf(id)?.reason, 'DEPLOYMENT_INTERRUPTED');
    await bench.assertRuns(V1);
  });
}

test('what an agent of before wrote is taken over', async () => {
  await bench.deploy(V1, 'success');
  await bench.box.stop();
  const { digest } = V1;
  await rm(join(bench.dataDir, 'slots.json'));
  await writeFile(
    join(bench.dataDir, 'active.json'),
    JSON.stringify({ digest, deploymentId: 'deploy-1.0.0' }),
  );
  const former = { deploymentId: 'deploy-1.0.0', digest, state: 'success', trials: 1 };
  await writeFile(join(bench.dataDir, 'deployment.json'), JSON.stringify(former));
  await bench.box.restart();
  assert.equal(bench.box.running(), digest);
  assert.equal(bench.box.updater.current()?.state, 'success');
  assert.ok(!(await readdir(bench.dataDir)).includes('active.json'));
  await bench.deploy(V2, 'success');
});

const TORN: readonly (readonly [file: string, runs: 'V1' | 'V2', then: string])[] = [
  ['slots.json', 'V1', 'rolled_back'],
  ['slots.back.json', 'V2', 'success'],
  ['deployment.json', 'V1', 'success'],
  ['order.json', 'V2', 'success'],
];
for (const [file, runs, then] of TORN) {
  test(`when ${file} is torn during a probation, the box classifies, and the deployment comes to an end`, async () => {
    await bench.deploy(V1, 'success');
    const seen = bench.watching();
    const id = await bench.order(V2);
    await seen;
    await bench.box.stop();
    await writeFile(join(bench.dataDir, file), '{"champion":{"dig');
    await bench.box.restart();
    assert.equal(bench.box.running(), { V1, V2 }[runs].digest);
    // The server tells the order that holds at every connection.
    if (file === 'deployment.json') await bench.order(V2, { deploymentId: id });
    await bench.box.reached(id, then);
  });
}

test('when the slots are torn after a success, the box knows what it ran', async () => {
  await bench.deploy(V1, 'success');
  await bench.box.stop();
  await writeFile(join(bench.dataDir, 'slots.json'), '');
  await bench.box.restart();
  await bench.assertRuns(V1);
  await bench.deploy(V2, 'success');
});

/** The one that holds when its bundle gets damaged, as it is told at every connection. */
const HOLDS = { deploymentId: 'holds', counter: 1e6, nonce: '0123456789abcdef' } as const;

for (const end of ['success', 'already_installed'] as const) {
  test(`a champion that got damaged after ${end} is fetched again, run as before, and stays`, async () => {
    await bench.deploy(V1, 'success');
    if (end === 'already_installed') await bench.deploy(V2, 'success');
    await bench.deploy(V2, end, HOLDS);
    const { choice } = (await bench.box.bundles.readSlots()).champion ?? {};
    await bench.box.stop();
    await rm(join(bench.dataDir, 'bundles', V2.digest, 'model.onnx'));
    await bench.box.restart();
    assert.equal(bench.box.running(), V1.digest);
    const { life } = bench.box;
    // The power is cut when the switch is on the disk.
    bench.box.onActivate(async () => life.dieAfter(1));
    await bench.order(V2, HOLDS);
    await life.death;
    bench.box.onActivate(async () => undefined);
    await bench.box.crash();
    await bench.assertRuns(V2);
    assert.deepEqual((await bench.box.bundles.readSlots()).champion?.choice, choice);
    assert.equal(bench.box.statesOf(HOLDS.deploymentId).at(-1), end);
  });
}

test('when the slots are torn after the champion was ordered again, the box knows what it ran', async () => {
  await bench.deploy(V1, 'success');
  await bench.deploy(V1, 'already_installed', HOLDS);
  const { choice } = (await bench.box.bundles.readSlots()).champion ?? {};
  await bench.box.stop();
  for (const file of ['slots.json', 'slots.proved.json']) await writeFile(join(bench.dataDir, file), '');
  await bench.box.restart();
  await bench.assertRuns(V1);
  assert.deepEqual((await bench.box.bundles.readSlots()).champion?.choice, choice);
});
