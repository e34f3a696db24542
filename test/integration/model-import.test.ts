import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseManifest } from '../../shared/src/bundle/manifest.ts';
import { fleetctl } from '../support/fleetctl.ts';
import { ROOT } from '../support/imports.ts';
import { type TinyOnnx, tinyOnnx } from '../support/tiny-onnx.ts';

const FLOAT = { dtype: 'float32', layout: 'NCHW', width: 4, height: 4 } as const;
const LABELS = ['red', 'green', 'blue'];
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-import-'));
});
after(() => rm(folder, { recursive: true }));

/** A copy of a fixture with the tiny model put in at `path`. */
async function prepare(fixture: string, path: string, model: TinyOnnx, as = fixture): Promise<string> {
  const copy = join(folder, as);
  await cp(join(ROOT, 'test/fixtures/import', fixture), copy, { recursive: true });
  await writeFile(join(copy, path), tinyOnnx(model));
  return copy;
}

async function importFrom(kind: string, from: string, ...more: readonly string[]) {
  const out = `${dirname(from)}/out-${kind}-${Math.round(performance.now() * 1000)}`;
  const run = await fleetctl(['model', 'import', `--${kind}`, from, '--out', out, ...more]);
  if (run.status !== 0) return { ...run, manifest: undefined };
  return { ...run, manifest: parseManifest(JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'))) };
}

const NAMED = ['--name', 'colours', '--version', '1.0.0'];

test('MLflow: the registered name and version, the run, its parameters and last metrics', async () => {
  const model = { dtype: 'uint8', layout: 'NHWC', width: 4, height: 2 } as const;
  const from = await prepare('mlflow', 'artifacts/model/model.onnx', model);
  const { manifest, error } = await importFrom('mlflow', from);
  assert.ok(manifest, error);
  assert.deepEqual([manifest.model, manifest.version], ['colour-namer', '3.0.0']);
  assert.deepEqual(manifest.output.labels, LABELS);
  assert.deepEqual(manifest.metrics, { accuracy: 0.97 });
  assert.equal(manifest.lineage.trainingRun, '7e1b6a0c9d8e4f7a8b6c5d4e3f2a1b0c');
  assert.equal(manifest.lineage.codeCommit, '0eb459c4f1d5ba9d6b4fc838c072a7b5e992ff3d');
  assert.deepEqual(manifest.lineage.parameters, { lr: '0.001' });
});

test('Hugging Face: labels in their order and the preprocessing of the processor', async () => {
  const { manifest, error } = await importFrom('hf', await prepare('hf', 'model.onnx', FLOAT), ...NAMED);
  assert.ok(manifest, error);
  assert.deepEqual(manifest.output.labels, LABELS);
  assert.deepEqual(manifest.preprocess.size, { height: 4, width: 4 });
  assert.deepEqual(manifest.preprocess.image_mean, [0.5, 0.5, 0.5]);
  assert.equal(manifest.lineage.sourceModel, 'example/colour-vit');
});

test('timm: the resize before the cut follows from crop_pct', async () => {
  const { manifest, error } = await importFrom('timm', await prepare('timm', 'model.onnx', FLOAT), ...NAMED);
  assert.ok(manifest, error);
  assert.deepEqual(manifest.preprocess.size, { shortest_edge: 5 });
  assert.deepEqual(manifest.preprocess.crop_size, { width: 4, height: 4 });
  assert.equal(manifest.preprocess.resample, 3);
  assert.equal(manifest.lineage.sourceModel, 'mobilenetv4_conv_small');
});

test('Roboflow: class names, and the picture stretched to the input', async () => {
  const from = await prepare('roboflow', 'weights.onnx', FLOAT);
  const { manifest, error } = await importFrom('roboflow', from, ...NAMED);
  assert.ok(manifest, error);
  assert.deepEqual(manifest.output.labels, LABELS);
  assert.deepEqual(manifest.preprocess.size, { width: 4, height: 4 });
});

test('Roboflow: a picture that is fitted in is kept whole, with its edges', async () => {
  const from = await prepare('roboflow', 'weights.onnx', FLOAT, 'roboflow-fit');
  const path = join(from, 'environment.json');
  const PREPROCESSING = '{"resize":{"format":"Fit (white edges) in","width":4,"height":4}}';
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), PREPROCESSING }));
  const { manifest, error } = await importFrom('roboflow', from, ...NAMED);
  assert.ok(manifest, error);
  const { size, do_pad, pad_value } = manifest.preprocess;
  assert.deepEqual([size, do_pad, pad_value], [{ width: 4, height: 4 }, true, 255]);
});

test('what is given counts instead of what the folder says', async () => {
  const labels = join(folder, 'labels.txt');
  await writeFile(labels, 'a\nb\nc\n');
  const from = await prepare('hf', 'model.onnx', FLOAT, 'hf-given');
  const { manifest } = await importFrom('hf', from, ...NAMED, '--labels', labels, '--preprocess', 'unit');
  assert.deepEqual(manifest?.output.labels, ['a', 'b', 'c']);
  assert.equal(manifest?.preprocess.do_normalize, false);
});

for (const [kind, file, change, message] of [
  ['hf', 'config.json', { id2label: { 0: 'red', 2: 'blue' } }, /there is no 1/],
  ['hf', 'preprocessor_config.json', { do_flip_channel_order: true }, /blue first/],
  ['timm', 'config.json', { pretrained_cfg: { input_size: [3, 4, 4], crop_mode: 'border' } }, /border/],
  ['timm', 'config.json', { pretrained_cfg: {} }, /input_size/],
  [
    'roboflow',
    'environment.json',
    { PREPROCESSING: '{"resize":{"format":"Fit (reflect edges) in"}}' },
    /reflect edges/,
  ],
  ['roboflow', 'environment.json', { PREPROCESSING: '{"grayscale":{"enabled":true}}' }, /grayscale/],
  ['roboflow', 'environment.json', { MULTICLASS: true }, /several labels/],
  ['roboflow', 'environment.json', { PREPROCESSING: 'nonsense' }, /PREPROCESSING/],
] as const)
  test(`${kind}: ${JSON.stringify(change)} is refused by name`, async () => {
    const as = `${kind}-${message.source.replaceAll(/\W/g, '')}`;
    const from = await prepare(kind, 'model.onnx', FLOAT, as);
    const path = join(from, file);
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...change }));
    const { status, error } = await importFrom(kind, from, ...NAMED);
    assert.equal(status, 1);
    assert.match(error, message);
    assert.match(error, /IMPORT_UNSUITABLE/);
  });

test('a folder of another tool, broken JSON and two tools at once are told apart', async () => {
  const from = await prepare('timm', 'model.onnx', FLOAT, 'broken');
  assert.match((await importFrom('mlflow', from, ...NAMED)).error, /no MLmodel/);
  await writeFile(join(from, 'config.json'), '{');
  assert.match((await importFrom('timm', from, ...NAMED)).error, /config\.json cannot be read/);
  assert.match((await importFrom('timm', from, '--hf', from, ...NAMED)).error, /one of --mlflow/);
  assert.match((await importFrom('hf', join(folder, 'nothing'), ...NAMED)).error, /FILE_UNREADABLE/);
});
