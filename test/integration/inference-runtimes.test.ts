import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import { localRuntime } from '../../agent/src/inference/local-runtime.ts';
import { onnxInspector } from '../../agent/src/inference/onnx-runtime.ts';
import type { ModelSpec } from '../../agent/src/inference/port.ts';
import { classifierContract } from '../contract/classifier-contract.ts';
import type { TinyOnnx } from '../support/tiny-onnx.ts';
import { tinySpec } from '../support/tiny-spec.ts';
import { writeTinyTfjs } from '../support/tiny-tfjs.ts';

let folder = '';
let tfjsModel = '';

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpost-inference-'));
  tfjsModel = await writeTinyTfjs(folder, 4, 2);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const onnxSpec = (change: Partial<TinyOnnx> = {}): ModelSpec => tinySpec(folder, change);

classifierContract('onnx', localRuntime.load, () => onnxSpec());
const tfjsSpec = (): ModelSpec => ({ ...onnxSpec(), runtime: 'tfjs', path: tfjsModel });
const host = createChildProcessHost({ log: silentLogger, random: () => 0 });

classifierContract('onnx on the best there is', host.start, () => ({
  ...onnxSpec(),
  accelerator: 'auto',
}));
classifierContract('tfjs', localRuntime.load, tfjsSpec);
classifierContract('tfjs in a process of its own', host.start, tfjsSpec);

test('tfjs: the backend is named, native where it is installed, else WebAssembly', async (t) => {
  const classifier = await localRuntime.load(tfjsSpec());
  t.diagnostic(`runs on ${classifier.executionProviders}`);
  assert.match(String(classifier.executionProviders), /^(tensorflow|wasm|wasm-simd)$/);
  await classifier.release();
});

const GREEN = Uint8Array.from({ length: 24 }, (_, index) => (index % 3 === 1 ? 250 : 0));

for (const [name, change, channels] of [
  ['float32 NCHW', { dtype: 'float32', layout: 'NCHW' }, 'RGB'],
  ['float32 NHWC, logits', { dtype: 'float32', ending: 'logits' }, 'RGB'],
  ['uint8 NCHW in BGR', { layout: 'NCHW' }, 'BGR'],
] as const)
  test(`onnx: a model of ${name} sees the same colours`, async () => {
    const spec = onnxSpec(change);
    const classifier = await localRuntime.load({ ...spec, input: { ...spec.input, channels } });
    const red = Uint8Array.from(GREEN, (_, index) => GREEN[(index + 1) % 24] ?? 0);
    assert.equal((await classifier.classify(GREEN)).label, 'green');
    assert.equal((await classifier.classify(red)).label, channels === 'RGB' ? 'red' : 'blue');
    await classifier.release();
  });

test('onnx: a model whose output is not finite is refused when it is loaded', async () => {
  await assert.rejects(localRuntime.load(onnxSpec({ factor: Number.NaN })), { code: 'MODEL_OUTPUT_INVALID' });
});

test('onnx: logits that a manifest calls probabilities are refused when the model is loaded', async () => {
  const spec = onnxSpec({ ending: 'logits', factor: -1 });
  const output = { ...spec.output, activation: 'probabilities' } as const;
  await assert.rejects(localRuntime.load({ ...spec, output }), { code: 'MODEL_OUTPUT_INVALID' });
});

test('onnx: another name of input or output is refused, and what was found is named', async () => {
  const spec = onnxSpec();
  const input = { ...spec.input, name: 'pixels' };
  const output = { ...spec.output, name: 'scores' };
  await assert.rejects(localRuntime.load({ ...spec, input }), {
    code: 'MODEL_MISMATCH',
    message: /pixels.*input/,
  });
  await assert.rejects(localRuntime.load({ ...spec, output }), {
    code: 'MODEL_MISMATCH',
    message: /scores.*output/,
  });
});

test('the inspector tells names, types and shapes, and whether the graph ends in a softmax', async () => {
  const spec = onnxSpec();
  assert.deepEqual(await onnxInspector.inspect(spec.path), {
    inputs: [{ name: 'input', dtype: 'uint8', shape: ['n', 2, 4, 3] }],
    outputs: [{ name: 'output', dtype: 'float32', shape: ['n', 3] }],
  });
  assert.equal(await onnxInspector.probeActivation(spec), 'probabilities');
  assert.equal(await onnxInspector.probeActivation(onnxSpec({ ending: 'logits' })), 'logits');
});
