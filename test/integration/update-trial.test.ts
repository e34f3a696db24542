import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { GateFinding } from '@watchpost/shared/messages/deployment-findings.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import type { Fare } from '../support/fake-vitals.ts';
import { openTrialBench, type TrialBench, V1, V2, V3 } from '../support/trial-bench.ts';

const ALL_FINDINGS = ['self_test', 'shadow', 'switch', 'probation'];

let bench: TrialBench;
beforeEach(async () => {
  bench = await openTrialBench();
});
afterEach(() => bench.close());

test('a good model is tested, shadowed, switched to, watched and kept, and the fleet hears what was found', async () => {
  await bench.deploy(V1, 'success');
  const id = await bench.deploy(V2, 'success');
  assert.deepEqual(bench.box.findingsOf(id), ALL_FINDINGS);
  const probation = bench.box.changesOf(id).find(({ findings }) => findings?.kind === 'probation')?.findings;
  assert.ok(probation?.kind === 'probation' && probation.windowSec >= 60);
  assert.equal(await bench.box.bundles.readBack(), undefined);
  await bench.assertRuns(V2);
});

test('the first model of a box has nothing to be compared with, and is kept', async () => {
  assert.deepEqual(bench.box.findingsOf(await bench.deploy(V1, 'success')), ALL_FINDINGS);
});

test('the model before stays on the disk until the next one is kept, no longer', async () => {
  for (const bundle of [V1, V2, V3]) await bench.deploy(bundle, 'success');
  await bench.box.stop();
  assert.deepEqual((await readdir(join(bench.dataDir, 'bundles'))).sort(), [V2.digest, V3.digest].sort());
});

const FARES: readonly (readonly [what: string, gate: GateFinding['gate'], fare: Partial<Fare>])[] = [
  ['fails on every frame', 'inference_errors', { classified: 0, failed: 10 }],
  ['fails on one frame in ten', 'inference_errors', { classified: 9, failed: 1 }],
  ['is ten times slower', 'latency', { inferP95Ms: 100 }],
  ['leaves out half of the frames', 'pace', { classified: 5 }],
  ['makes the box too hot', 'temperature', { celsius: 99 }],
  ['ends again and again', 'child_restarts', { childRestarts: 1 }],
];
for (const [what, gate, fare] of FARES) {
  test(`a model that ${what} is rolled back by the box itself, which names the gate ${gate}`, async () => {
    await bench.deploy(V1, 'success');
    bench.box.vitals.fare(V2.digest, fare);
    const id = await bench.deploy(V2, 'rolled_back');
    const { reason, detail = '', findings } = bench.lastOf(id) ?? {};
    assert.equal(reason, 'PROBATION_FAILED');
    assert.match(detail, new RegExp(gate));
    assert.ok(findings?.kind === 'rollback' && findings.tookMs < 5_000);
    assert.equal(findings.digest, V1.digest);
    assert.deepEqual(bench.box.findingsOf(id), [...ALL_FINDINGS, 'rollback']);
    await bench.assertRuns(V1);
  });
}

test('a hopeless model is not watched to the end of its time', async () => {
  await bench.deploy(V1, 'success');
  bench.box.vitals.fare(V2.digest, { classified: 0, failed: 10 });
  const id = await bench.deploy(V2, 'rolled_back');
  const probation = bench.box.changesOf(id).find(({ findings }) => findings?.kind === 'probation')?.findings;
  assert.ok(probation?.kind === 'probation' && probation.windowSec <= 5);
});

test('a model that floods the fleet with events this box never saw is rolled back', async () => {
  await bench.deploy(V1, 'success');
  await bench.box.stop();
  const hour = Math.floor(Date.now() / 3_600_000);
  const entries = [7, 6, 5, 4, 3, 2, 1].flatMap((days) =>
    [0, 1].map((next) => ({ hour: hour + next - days * 24, events: 36, coveredSec: 3_600 })),
  );
  await writeFile(join(bench.dataDir, 'event-history.json'), JSON.stringify({ entries }));
  await bench.box.restart();
  bench.box.vitals.fare(V2.digest, { events: 2 });
  const id = await bench.deploy(V2, 'rolled_back');
  assert.match(bench.lastOf(id)?.detail ?? '', /event_rate is \d+, limit 5/);
});

test('the first model of a box that fails leaves it without one', async () => {
  bench.box.vitals.fare(V1.digest, { classified: 0, failed: 10 });
  const id = await bench.deploy(V1, 'failure');
  assert.equal(bench.lastOf(id)?.reason, 'PROBATION_FAILED');
  assert.equal(bench.box.running(), undefined);
  assert.deepEqual(await bench.box.bundles.readSlots(), {});
  await bench.deploy(V2, 'success');
});

test('a challenger that fails beside the champion is not switched to', async () => {
  await bench.deploy(V1, 'success');
  bench.box.trial.script({ shadow: async () => ({ errors: 3 }) });
  const id = await bench.deploy(V2, 'failure');
  assert.equal(bench.lastOf(id)?.reason, 'SHADOW_FAILED');
  assert.deepEqual(bench.box.findingsOf(id), ['self_test', 'shadow']);
  assert.ok(!bench.box.trial.steps.includes('switchTo 2.0.0'));
  await bench.assertRuns(V1);
});

test('a challenger that agrees too little is not switched to', async () => {
  await bench.reopen({ shadow: { minAgreement01: 0.9 } });
  await bench.deploy(V1, 'success');
  bench.box.trial.script({ shadow: async () => ({ agreement01: 0.89 }) });
  assert.match(bench.lastOf(await bench.deploy(V2, 'failure'))?.detail ?? '', /0\.890 of 20 frames/);
});

test('a model that cannot be switched to leaves what runs', async () => {
  await bench.deploy(V1, 'success');
  bench.box.onActivate(async ({ digest }) => {
    if (digest === V2.digest) throw agentError('INFERENCE_CRASHED', 'the process ended');
  });
  assert.equal(bench.lastOf(await bench.deploy(V2, 'failure'))?.reason, 'INFERENCE_CRASHED');
  await bench.assertRuns(V1);
});

test('a model to go back to that cannot be loaded is tried again until it can', async () => {
  await bench.deploy(V1, 'success');
  bench.box.vitals.fare(V2.digest, { classified: 0, failed: 10 });
  let failures = 0;
  bench.box.onActivate(async ({ digest }) => {
    if (digest !== V1.digest || failures === 3) return;
    failures += 1;
    throw agentError('INFERENCE_CRASHED', 'the process ended');
  });
  const id = await bench.deploy(V2, 'rolled_back');
  assert.equal(failures, 3);
  assert.equal(bench.box.changesOf(id).filter(({ reason }) => reason === 'INFERENCE_CRASHED').length, 1);
  await bench.assertRuns(V1);
});

test('what failed on this box is refused, until an order lifts it', async () => {
  await bench.deploy(V1, 'success');
  bench.box.trial.script({ shadow: async () => ({ errors: 1 }) });
  await bench.deploy(V2, 'failure');
  await bench.box.restart();
  bench.box.trial.script({});
  const refused = await bench.deploy(V2, 'rejected', { deploymentId: 'again' });
  assert.equal(bench.lastOf(refused)?.reason, 'BUNDLE_QUARANTINED');
  assert.match(bench.lastOf(refused)?.detail ?? '', /deploy-2\.0\.0: SHADOW_FAILED, it failed on 1 frames/);
  await bench.deploy(V2, 'success', { deploymentId: 'lifted', liftQuarantine: true });
  await bench.deploy(V1, 'success', { deploymentId: 'back' });
  await bench.deploy(V2, 'success', { deploymentId: 'and again' });
});

test('a server that cannot be reached, or a wrong order, is not held against a bundle', async () => {
  bench.source.failNext(agentError('BUNDLE_FILE_MISSING', 'no such bundle'));
  await bench.deploy(V1, 'noartifact');
  await bench.deploy(V1, 'success', { deploymentId: 'again' });
});

test('a torn quarantine is set aside', async () => {
  await bench.deploy(V1, 'success');
  bench.box.trial.script({ shadow: async () => ({ errors: 1 }) });
  await bench.deploy(V2, 'failure');
  await bench.box.stop();
  await writeFile(join(bench.dataDir, 'quarantine.json'), '{"entries":[');
  await bench.box.restart();
  bench.box.trial.script({});
  await bench.deploy(V2, 'success', { deploymentId: 'again' });
  assert.ok((await readdir(bench.dataDir)).includes('quarantine.json.damaged'));
});

test('a step that does not come to its end ends the deployment', async () => {
  await bench.reopen({ limitMs: (phase) => (phase === 'self_testing' ? 50 : 60_000) });
  await bench.deploy(V1, 'success');
  bench.box.trial.script({
    selfTest: ({ digest }) =>
      digest === V2.digest ? new Promise(() => undefined) : Promise.resolve(undefined),
  });
  assert.equal(bench.lastOf(await bench.deploy(V2, 'timed_out'))?.reason, 'DEPLOYMENT_STEP_TIMEOUT');
  await bench.assertRuns(V1);
});

for (const step of ['selfTest', 'shadow'] as const) {
  test(`a newer order during the ${step} takes the place of the challenger`, async () => {
    await bench.deploy(V1, 'success');
    const begun = bench.hang(step, V2);
    const superseded = await bench.order(V2);
    await begun;
    await bench.deploy(V3, 'success');
    assert.equal(bench.lastOf(superseded)?.state, 'aborted');
    assert.ok(!bench.box.trial.steps.includes('switchTo 2.0.0'));
    const { champion, previous } = await bench.box.bundles.readSlots();
    assert.deepEqual([champion?.digest, previous?.digest], [V3.digest, V1.digest]);
  });

  test(`a restart in order during the ${step} is not held against the model`, async () => {
    await bench.deploy(V1, 'success');
    let begun = bench.hang(step, V2);
    const id = await bench.order(V2);
    for (let restarts = 0; restarts < 5; restarts += 1) {
      await begun;
      begun = bench.hang(step, V2);
      await bench.box.restart();
    }
    await begun;
    bench.box.trial.script({});
    await bench.box.restart();
    await bench.box.reached(id, 'success');
  });
}

test('a newer order during the probation goes back to the model that has proved itself first', async () => {
  await bench.deploy(V1, 'success');
  const seen = bench.watching();
  const superseded = await bench.order(V2);
  await seen;
  const id = await bench.deploy(V3, 'success');
  assert.equal(bench.lastOf(superseded)?.state, 'aborted');
  assert.deepEqual(
    bench.box.trial.steps.filter((step) => step.startsWith('switchTo')),
    ['switchTo 1.0.0', 'switchTo 2.0.0', 'switchTo 1.0.0', 'switchTo 3.0.0'],
  );
  const { champion, previous } = await bench.box.bundles.readSlots();
  assert.deepEqual([champion?.deploymentId, previous?.digest], [id, V1.digest]);
});

test('a newer order for the model before, during the probation, is done at once', async () => {
  await bench.deploy(V1, 'success');
  const seen = bench.watching();
  await bench.order(V2);
  await seen;
  await bench.deploy(V1, 'already_installed', { deploymentId: 'back' });
  await bench.assertRuns(V1);
});

test('a newer order during the probation of the first model keeps it until there is a better one', async () => {
  const seen = bench.watching();
  await bench.order(V1);
  await seen;
  await bench.deploy(V2, 'success');
  assert.ok(!bench.box.trial.steps.includes('standDown'));
  assert.equal((await bench.box.bundles.readSlots()).previous?.digest, V1.digest);
});

test('a bundle beyond what models may take is refused before it is fetched', async () => {
  await bench.reopen({ maxBytes: 30_000 });
  await bench.deploy(V1, 'success');
  const id = await bench.deploy(V2, 'rejected');
  assert.equal(bench.lastOf(id)?.reason, 'BUNDLE_TOO_BIG');
  assert.match(bench.lastOf(id)?.detail ?? '', /need 40000 bytes, models may take 30000/);
  await bench.assertRuns(V1);
});
