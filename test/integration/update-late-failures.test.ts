import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance } from '@watchpost/shared/lifecycle/table.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { DeploymentJournal } from '../../agent/src/update/deployment-journal.ts';
import { DeploymentRun, type RunDeps } from '../../agent/src/update/deployment-run.ts';
import { openFileBundleStore } from '../../agent/src/update/file-bundle-store.ts';
import { OPEN_PHASES, type OpenPhase, PHASES, toldState } from '../../agent/src/update/phases.ts';
import type { BundleStore } from '../../agent/src/update/port.ts';
import { makeBundle, makeBytes, type TestBundle } from '../support/test-bundle.ts';
import { openTrialBench, type TrialBench, V1, V2 } from '../support/trial-bench.ts';

const DEPLOYMENT = { deploymentId: 'd', digest: V2.digest };
/** One code for each end that work may come to by itself. */
const CODES = ['TRUST_EXPIRED', 'BUNDLE_FILE_MISSING', 'DEPLOYMENT_STEP_TIMEOUT', 'SELFTEST_FAILED'];

let dataDir = '';
let bundles: BundleStore;
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'watchpost-late-'));
  bundles = await openFileBundleStore({ dataDir, log: silentLogger, reserveBytes: 0 });
});
after(() => rm(dataDir, { recursive: true, force: true }));

/** @returns the states told when work fails that an agent does which found the deployment at `reached` */
async function failLate(reached: OpenPhase, worked: OpenPhase, reason: string): Promise<DeploymentState[]> {
  const told: DeploymentState[] = [];
  await bundles.saveDeployment({ ...DEPLOYMENT, phase: reached, trials: 0, transitions: 1 });
  const clock = { wallMs: () => 0, monotonicMs: () => 0 };
  const report = ({ state }: { state: DeploymentState }): void => void told.push(state);
  const journal = new DeploymentJournal({ bundles, report, clock, log: silentLogger });
  await journal.load();
  const trial = { settle: async () => undefined };
  const deps = { bundles, journal, clock, trial, log: silentLogger } as unknown as RunDeps;
  const run = new DeploymentRun(DEPLOYMENT, undefined, deps, new AbortController().signal);
  await run.fail(worked, { reason, detail: 'as told' });
  return told;
}

for (const reached of OPEN_PHASES) {
  test(`whatever work fails after a restart at ${reached}, the deployment has an end`, async () => {
    const [from, to] = [PHASES[reached].resumesAt, reached].map((phase) => OPEN_PHASES.indexOf(phase));
    for (const worked of OPEN_PHASES.slice(from, (to ?? 0) + 1)) {
      for (const code of CODES) {
        for (const state of await failLate(reached, worked, code))
          assert.ok(advance(DEPLOYMENT_LIFECYCLE, toldState(reached), state), `${worked} ${code}: ${state}`);
        assert.notEqual((await bundles.readDeployment())?.phase, reached, `${worked} ${code}`);
      }
    }
  });
}

const SAME = { counter: 1_000, nonce: '0123456789abcdef' } as const;

/** Orders, and cuts the power when the first file is begun; the next download is a whole one. */
async function cutInDownload(bench: TrialBench, bundle: TestBundle, partBytes = 0): Promise<string> {
  const begun = Promise.withResolvers<void>();
  const { fetchFile } = bench.source;
  const hang: typeof fetchFile = async (_file, path) => {
    await writeFile(`${path}.part`, new Uint8Array(partBytes));
    begun.resolve();
    return new Promise<never>(() => undefined);
  };
  Object.assign(bench.source, { fetchFile: hang });
  const id = await bench.order(bundle, SAME);
  await begun.promise;
  Object.assign(bench.source, { fetchFile });
  await bench.box.crash();
  return id;
}

for (const code of ['TRUST_EXPIRED', 'TARGET_UNKNOWN', 'BUNDLE_UNFIT', 'BUNDLE_FILE_MISSING'] as const) {
  test(`an order that fails with ${code} after a power cut in its download comes to its end`, async (t) => {
    const bench = await openTrialBench();
    t.after(bench.close);
    await bench.deploy(V1, 'success');
    const id = await cutInDownload(bench, V2);
    bench.source.failNext(agentError(code, 'as told'));
    const end = code === 'BUNDLE_FILE_MISSING' ? 'noartifact' : 'failure';
    await bench.deploy(V2, end, SAME);
    assert.equal(bench.lastOf(id)?.reason, code);
    assert.deepEqual(bench.box.statesOf(id), ['queued', 'downloading', end]);
    await bench.assertRuns(V1);
  });
}

test('what was downloaded before a power cut is no hindrance to a bundle that needs as much of the disk', async (t) => {
  const bench = await openTrialBench();
  t.after(bench.close);
  const bundle = makeBundle({
    version: '4.0.0',
    files: { 'model.onnx': makeBytes(60_000) },
    manifest: { requires: { diskBytes: 60_000 } },
  });
  await bench.reopen({ diskBytes: 70_000 });
  bench.source.publish(bundle);
  await bench.box.release(bundle);
  const id = await cutInDownload(bench, bundle, 50_000);
  const settled = ['success', 'failure', 'rejected'].map((end) => bench.box.reached(id, end));
  await bench.order(bundle, SAME);
  await Promise.race(settled);
  assert.equal(bench.lastOf(id)?.state, 'success', bench.lastOf(id)?.detail);
});
