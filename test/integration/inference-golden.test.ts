import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { GoldenFrame, Manifest } from '@watchpost/shared/bundle/manifest.ts';
import sharp from 'sharp';
import { checkGoldenFrames } from '../../agent/src/inference/golden.ts';
import { onnxRuntime } from '../../agent/src/inference/onnx-runtime.ts';
import type { GoldenOutcome } from '../../agent/src/inference/port.ts';
import { tinySpec } from '../support/tiny-spec.ts';

let folder = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-golden-'));
  const red = { r: 250, g: 0, b: 0 };
  await sharp({ create: { width: 4, height: 2, channels: 3, background: red } })
    .png()
    .toFile(join(folder, 'red.png'));
  await sharp({ create: { width: 40, height: 40, channels: 3, background: red } })
    .png()
    .toFile(join(folder, 'large.png'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function check(golden: readonly GoldenFrame[]): Promise<GoldenOutcome> {
  const spec = tinySpec(folder);
  const manifest: Manifest = {
    schemaVersion: 1,
    model: 'tiny',
    version: '1.0.0',
    releaseCounter: 1,
    requires: {},
    files: [],
    variants: [],
    input: spec.input,
    preprocess: spec.preprocess,
    output: spec.output,
    decision: {
      window: 1,
      enter: 0.6,
      exit: 0.4,
      minVotes: 1,
      minDwellSec: 0,
      cooldownSec: 0,
      rejectBelow: 0,
      background: [],
    },
    golden: [...golden],
    metrics: {},
    lineage: {},
  };
  const classifier = await onnxRuntime.load(spec);
  try {
    return await checkGoldenFrames(classifier, manifest, folder);
  } finally {
    await classifier.release();
  }
}

/** softmax([250 * 0.02, 0, 0]) */
const RED = [0.9867, 0.00665, 0.00665];

test('when every golden picture gives what it must, the check passes with a latency', async () => {
  const outcome = await check([
    { file: 'red.png', probabilities: RED, tolerance: 0.001 },
    { file: 'large.png', probabilities: RED, tolerance: 0.001 },
  ]);
  assert.ok(outcome.kind === 'passed' && outcome.latencyMs > 0);
});

test('when a golden picture gives something else, the check names it with both results', async () => {
  const outcome = await check([{ file: 'red.png', probabilities: [0.9, 0.05, 0.05], tolerance: 0.001 }]);
  assert.ok(outcome.kind === 'failed');
  assert.equal(outcome.file, 'red.png');
  assert.deepEqual(outcome.expected, [0.9, 0.05, 0.05]);
  assert.ok(Math.abs((outcome.found[0] ?? 0) - 0.9867) < 0.001);
});

test('when a golden result has another number of labels, the check fails', async () => {
  assert.equal((await check([{ file: 'red.png', probabilities: [1], tolerance: 1 }])).kind, 'failed');
});

test('a bundle without golden pictures passes with a latency', async () => {
  const outcome = await check([]);
  assert.ok(outcome.kind === 'passed' && outcome.latencyMs > 0);
});

test('a golden picture that cannot be read is named', async () => {
  await assert.rejects(check([{ file: 'tiny.onnx', probabilities: RED, tolerance: 1 }]), {
    code: 'PICTURE_UNREADABLE',
    message: /tiny\.onnx/,
  });
});
