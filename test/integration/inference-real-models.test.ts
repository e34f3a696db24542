import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import { parseLabels } from '@watchpost/shared/bundle/model-graph.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import { computeFramePlan } from '../../agent/src/inference/frame-plan.ts';
import { checkGoldenFrames } from '../../agent/src/inference/golden.ts';
import { hasRuntime } from '../../agent/src/inference/local-runtime.ts';
import { composeModelSpec } from '../../agent/src/inference/model-spec.ts';
import { readCpuFeatures } from '../../agent/src/inference/proc-cpu-features.ts';
import { createSelfTest } from '../../agent/src/inference/self-test.ts';
import { readPicture } from '../../agent/src/inference/sharp-picture.ts';
import { systemClock } from '../../agent/src/kernel/system-clock.ts';
import { DATA, NEEDS_DATA } from '../support/real-data.ts';
import { tinyBundle } from '../support/tiny-bundle.ts';

const GOLDEN = ['photos/cat_720p.jpg', 'photos/parrot.jpg'];
/** What quantising may move a probability by. */
const TOLERANCE = 0.25;

const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
const variantOf = (name: string, precision: Variant['precision']): Variant => ({
  name,
  runtime: 'onnx',
  precision,
  file: `models/mobilenetv1_025_128_${name}.onnx`,
  cpuFeatures: [],
});

/** The same network as fp32 and quantised, in a folder that stands in for a bundle's; the golden frames are what the fp32 one gives here. */
async function composeManifest(): Promise<Manifest> {
  const fp32 = variantOf('fp32', 'fp32');
  const labels = [...parseLabels(readFileSync(join(DATA, 'models/imagenet_labels.txt'), 'utf8'))];
  const { manifest } = tinyBundle({
    variants: [fp32, variantOf('qdq', 'int8')],
    input: { name: 'input', layout: 'NCHW', dtype: 'float32', width: 128, height: 128, channels: 'RGB' },
    preprocess: PREPROCESS_PRESETS.tf,
    output: { name: 'probs', activation: 'probabilities', labels, temperature: 1 },
  });
  const plan = computeFramePlan(manifest.preprocess, manifest.input);
  const how = { threads: 1, spinning: false };
  const classifier = await host.start(composeModelSpec({ manifest, folder: DATA }, fp32, how));
  const golden: Manifest['golden'] = [];
  for (const file of GOLDEN) {
    const { probabilities } = await classifier.classify(await readPicture(join(DATA, file), plan));
    golden.push({ file, probabilities: [...probabilities], tolerance: TOLERANCE });
  }
  await classifier.release();
  return { ...manifest, golden };
}

function printTable(t: TestContext, { trials, chosen }: SelfTestFindings): void {
  for (const { variant, threads, outcome, inferMs, rssBytes = 0, detail = '' } of trials) {
    const isChosen = variant === chosen?.variant && threads === chosen.threads;
    const latency = inferMs === undefined ? '' : `p50 ${inferMs.p50} ms, p95 ${inferMs.p95} ms, `;
    const megabytes = `${(rssBytes / 1e6).toFixed(0)} MB`;
    const row = `${variant} x ${threads}: ${outcome} ${latency}${megabytes} ${detail}`;
    t.diagnostic(isChosen ? `${row}<- chosen` : row);
  }
}

test('of a real network as fp32 and int8, the fastest on this machine is chosen', NEEDS_DATA, async (t) => {
  const selfTest = createSelfTest({
    host,
    checkGoldenFrames,
    readCpuFeatures,
    hasRuntime,
    clock: systemClock,
    log: silentLogger,
  });
  const settings = { spinning: false, maxMemoryBytes: 768 * 1024 * 1024, cores: 2 };
  const result = await selfTest({ manifest: await composeManifest(), folder: DATA }, settings, t.signal);
  printTable(t, result.findings);
  assert.ok(result.kind === 'passed');
  assert.equal(result.findings.trials.length, 4);
  const passed = result.findings.trials.filter(({ outcome }) => outcome === 'passed');
  const fastest = Math.min(...passed.map(({ inferMs }) => inferMs?.p50 ?? Number.POSITIVE_INFINITY));
  const chosen = passed.find(
    ({ variant, threads }) => variant === result.choice.variant && threads === result.choice.threads,
  );
  assert.ok((chosen?.inferMs?.p50 ?? Number.POSITIVE_INFINITY) <= fastest * 1.05);
});
