import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { checkGoldenFrames } from '../../agent/src/inference/golden.ts';
import { composeModelSpec } from '../../agent/src/inference/model-spec.ts';
import { onnxRuntime } from '../../agent/src/inference/onnx-runtime.ts';
import { type Manifest, parseManifest } from '../../shared/src/bundle/manifest.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { fleetctl } from '../support/fleetctl.ts';
import { DATA, NEEDS_DATA } from '../support/real-data.ts';
import { type TinyOnnx, tinyOnnx } from '../support/tiny-onnx.ts';

let folder = '';
let count = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-fleetctl-'));
  await writeFile(join(folder, 'labels.txt'), 'red\ngreen\nNone\n');
  const channels = { width: 40, height: 20, channels: 3 } as const;
  await sharp({ create: { ...channels, background: '#ff0000' } })
    .jpeg()
    .toFile(join(folder, 'red.jpg'));
});
after(() => rm(folder, { recursive: true }));

async function writeTiny(change: Partial<TinyOnnx> = {}): Promise<string> {
  count += 1;
  const path = join(folder, `tiny-${count}.onnx`);
  await writeFile(path, tinyOnnx({ dtype: 'uint8', layout: 'NHWC', width: 8, height: 4, ...change }));
  return path;
}

interface Built {
  readonly status: number;
  readonly error: string;
  readonly out: string;
  readonly manifest: () => Promise<Manifest>;
}

async function build(onnx: string, ...more: readonly string[]): Promise<Built> {
  count += 1;
  const out = join(folder, `bundle-${count}`);
  const labels = join(folder, 'labels.txt');
  const { status, error } = await fleetctl([
    ...['bundle', 'build', '--onnx', onnx, '--labels', labels],
    ...['--name', 'tiny', '--version', '1.0.0', '--out', out, ...more],
  ]);
  const manifest = async () => parseManifest(JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')));
  return { status, error, out, manifest };
}

/** Builds with what must not work: nothing is left behind. */
async function refuse(onnx: string, ...more: readonly string[]): Promise<string> {
  const { status, error, out } = await build(onnx, ...more);
  assert.notEqual(status, 0);
  assert.ok(!existsSync(out) && !existsSync(`${out}.partial`));
  return error;
}

test('a uint8 NHWC model needs no preprocessing', async () => {
  const { status, error, manifest } = await build(await writeTiny());
  assert.equal(status, 0, error);
  const { input, preprocess, output, decision, releaseCounter, variants } = await manifest();
  assert.deepEqual(input, {
    name: 'input',
    layout: 'NHWC',
    dtype: 'uint8',
    width: 8,
    height: 4,
    channels: 'RGB',
  });
  assert.equal(preprocess.do_rescale || preprocess.do_normalize, false);
  assert.equal(output.activation, 'probabilities');
  assert.deepEqual(decision.background, ['None']);
  assert.equal(releaseCounter, 1);
  assert.equal(variants[0]?.precision, 'fp32');
});

test('a float NCHW model with logits is told apart, and its golden frames hold probabilities', async () => {
  const onnx = await writeTiny({ dtype: 'float32', layout: 'NCHW', ending: 'logits', factor: 2 });
  const { status, error, manifest, out } = await build(
    onnx,
    ...['--preprocess', 'unit', '--golden', join(folder, 'red.jpg')],
  );
  assert.equal(status, 0, error);
  const { input, output, golden, files } = await manifest();
  assert.equal(input.layout, 'NCHW');
  assert.equal(output.activation, 'logits');
  // Softmax of 2, 0, 0: the channel means of red, times the factor.
  const [red = 0, green = 0] = golden[0]?.probabilities ?? [];
  assert.ok(Math.abs(red - 0.787) < 0.01 && Math.abs(green - 0.107) < 0.01, `${red} ${green}`);
  const picture = await sharp(join(out, golden[0]?.file ?? '')).metadata();
  assert.deepEqual([picture.width, picture.height, picture.format], [8, 4, 'png']);
  for (const { path, sha256 } of files) assert.equal(sha256Hex(await readFile(join(out, path))), sha256);
});

test('a config with a margin gives golden frames with that margin', async () => {
  const config = join(folder, 'margin.json');
  await writeFile(config, JSON.stringify({ size: 8, crop_size: { width: 8, height: 4 }, do_rescale: false }));
  const args = ['--preprocess', config, '--golden', join(folder, 'red.jpg')];
  const { status, error, manifest, out } = await build(await writeTiny(), ...args);
  assert.equal(status, 0, error);
  const { golden } = await manifest();
  const picture = await sharp(join(out, golden[0]?.file ?? '')).metadata();
  assert.deepEqual([picture.width, picture.height], [16, 8]);
});

test('a golden frame that is padded holds its edges, and gives the same on a box', async () => {
  const config = join(folder, 'padded.json');
  const sides = { width: 8, height: 8 };
  await writeFile(config, JSON.stringify({ do_pad: true, pad_value: 114, size: sides, do_rescale: false }));
  const args = ['--preprocess', config, '--golden', join(folder, 'red.jpg')];
  const { status, error, manifest, out } = await build(await writeTiny(sides), ...args);
  assert.equal(status, 0, error);
  const made = await manifest();
  const pixels = await sharp(join(out, made.golden[0]?.file ?? ''))
    .raw()
    .toBuffer();
  const levelsAt = (row: number): readonly number[] => [...pixels.subarray(row * 24, row * 24 + 3)];
  assert.deepEqual([levelsAt(0), levelsAt(7)], [Array(3).fill(114), Array(3).fill(114)]);
  assert.ok((levelsAt(3)[0] ?? 0) > 240 && (levelsAt(3)[1] ?? 255) < 15, 'the picture is in the middle');
  const [variant] = made.variants;
  assert.ok(variant !== undefined);
  const how = { threads: 1, spinning: false };
  const classifier = await onnxRuntime.load(composeModelSpec({ manifest: made, folder: out }, variant, how));
  const outcome = await checkGoldenFrames(classifier, made, out);
  await classifier.release();
  assert.equal(outcome.kind, 'passed');
});

test('a temperature calibrates the model and its golden frames', async () => {
  const golden = ['--golden', join(folder, 'red.jpg')];
  const plain = await build(await writeTiny(), ...golden);
  const flat = await build(await writeTiny(), ...golden, '--temperature', '2.5');
  const [one, other] = [await plain.manifest(), await flat.manifest()];
  assert.deepEqual([one.output.temperature, other.output.temperature], [1, 2.5]);
  const redOf = ({ golden: [frame] }: Manifest): number => frame?.probabilities[0] ?? 0;
  const logOdds = (probability: number): number => Math.log((2 * probability) / (1 - probability));
  assert.ok(Math.abs(logOdds(redOf(one)) / logOdds(redOf(other)) - 2.5) < 0.01);
  assert.match(await refuse(await writeTiny(), '--temperature', '0'), /\[USAGE\]/);
});

test('card, TensorFlow.js files, rules, metrics and lineage are taken along', async () => {
  const tfjs = join(folder, 'tfjs');
  await mkdir(tfjs);
  await writeFile(join(tfjs, 'model.json'), JSON.stringify({ weightsManifest: [{ paths: ['w.bin'] }] }));
  await writeFile(join(tfjs, 'w.bin'), 'weights');
  await writeFile(join(folder, 'card.md'), '# Tiny');
  await writeFile(join(folder, 'decision.json'), '{"enter":0.8}');
  await writeFile(join(folder, 'metrics.json'), '{"accuracy":0.9}');
  await writeFile(join(folder, 'lineage.json'), '{"seed":1}');
  const files = ['card', 'decision', 'metrics', 'lineage'].flatMap((name) => [
    `--${name}`,
    join(folder, name === 'card' ? 'card.md' : `${name}.json`),
  ]);
  const { status, error, manifest } = await build(
    await writeTiny(),
    ...['--tfjs', tfjs, '--release-counter', '7', ...files],
  );
  assert.equal(status, 0, error);
  const made = await manifest();
  assert.deepEqual(
    made.files.map(({ path }) => path),
    ['model-card.md', 'model.onnx', 'tfjs/model.json', 'tfjs/w.bin'],
  );
  assert.deepEqual(
    made.variants.map(({ runtime }) => runtime),
    ['onnx', 'tfjs'],
  );
  assert.equal(made.modelCard, 'model-card.md');
  assert.equal(made.releaseCounter, 7);
  assert.deepEqual([made.decision.enter, made.decision.exit], [0.8, 0.4]);
  assert.deepEqual([made.metrics, made.lineage], [{ accuracy: 0.9 }, { seed: 1 }]);
});

test('a float model without preprocessing is refused with the choices', async () => {
  const error = await refuse(await writeTiny({ dtype: 'float32' }));
  assert.match(error, /\[PREPROCESS_REQUIRED\]/);
  assert.match(error, /imagenet.*tf.*unit.*raw/);
});

test('an unknown preset is refused', async () => {
  assert.match(
    await refuse(await writeTiny({ dtype: 'float32' }), '--preprocess', 'caffe'),
    /PREPROCESS_INVALID/,
  );
});

test('a file that is no ONNX model is refused with its name', async () => {
  assert.match(await refuse(join(folder, 'labels.txt')), /labels\.txt.*\[MODEL_UNREADABLE\]/);
});

test('a model that takes more than one picture at once is refused', async () => {
  assert.match(await refuse(await writeTiny({ batch: 4 })), /MODEL_UNSUITABLE/);
});

test('when the labels do not match the output, both counts are named', async () => {
  const labels = join(folder, 'two.txt');
  await writeFile(labels, 'a\nb\n');
  const error = await refuse(await writeTiny(), '--labels', labels);
  assert.match(error, /2 labels.*\[1,3\].*\[LABELS_MISMATCH\]/);
});

test('a BMP and what is no picture are refused as golden frames', async () => {
  const bmp = join(folder, 'x.bmp');
  await writeFile(bmp, 'BM');
  assert.match(await refuse(await writeTiny(), '--golden', bmp), /BMP.*\[PICTURE_UNREADABLE\]/);
  const labels = join(folder, 'labels.txt');
  assert.match(await refuse(await writeTiny(), '--golden', labels), /PICTURE_UNREADABLE/);
});

test('rules that contradict each other are refused', async () => {
  const decision = join(folder, 'wrong.json');
  await writeFile(decision, '{"enter":0.1,"colour":1}');
  assert.match(await refuse(await writeTiny(), '--decision', decision), /decision.*\[MANIFEST_INVALID\]/);
  await writeFile(decision, '[1]');
  assert.match(await refuse(await writeTiny(), '--decision', decision), /FILE_UNREADABLE/);
  await writeFile(decision, '{');
  assert.match(await refuse(await writeTiny(), '--decision', decision), /MESSAGE_INVALID/);
});

test('a missing file, a wrong name and a folder in use are refused', async () => {
  assert.match(await refuse(join(folder, 'nothing.onnx')), /nothing\.onnx.*\[FILE_UNREADABLE\]/);
  assert.match(await refuse(await writeTiny(), '--name', 'Tiny Model'), /\[USAGE\]/);
  const { status, error } = await build(await writeTiny(), '--out', folder);
  assert.equal(status, 2);
  assert.match(error, /not empty/);
  assert.ok((await readdir(folder)).includes('labels.txt'));
});

/** Labels of cat_720p.jpg with their probabilities, from the reference table: sharp's Lanczos, cover, centre cut. */
const REAL = [
  { model: 'petpark_v2_fp32', labels: 'petpark_labels', size: 224, best: 'cat', expected: 0.948 },
  { model: 'petpark_v2_int8_u8nhwc', labels: 'petpark_labels', size: 224, best: 'cat', expected: 0.931 },
  {
    model: 'mobilenetv1_025_128_fp32',
    labels: 'imagenet_labels',
    size: 128,
    best: 'Egyptian cat',
    expected: 0.626,
  },
  {
    model: 'mobilenetv2_224_qdq_u8nhwc',
    labels: 'imagenet_labels',
    size: 224,
    best: 'Egyptian cat',
    expected: 0.775,
  },
] as const;

for (const { model, labels, size, best, expected } of REAL) {
  const buildReal = (...preprocess: readonly string[]) =>
    build(
      join(DATA, 'models', `${model}.onnx`),
      ...['--labels', join(DATA, 'models', `${labels}.txt`), ...preprocess],
      ...['--golden', join(DATA, 'photos/cat_720p.jpg')],
    );
  const isFloat = model.endsWith('fp32');

  test(
    `${model}: with the reference's preprocessing, the golden frame is the reference result`,
    NEEDS_DATA,
    async () => {
      const config = join(folder, `${model}.json`);
      const numbers = isFloat
        ? { rescale_factor: 1 / 127.5, image_mean: [1, 1, 1], image_std: [1, 1, 1] }
        : { do_rescale: false };
      await writeFile(config, JSON.stringify({ size, crop_size: size, scale_flags: 'lanczos', ...numbers }));
      const { status, error, manifest } = await buildReal('--preprocess', config);
      assert.equal(status, 0, error);
      const { output, golden } = await manifest();
      const probabilities = golden[0]?.probabilities ?? [];
      const highest = Math.max(...probabilities);
      assert.equal(output.labels[probabilities.indexOf(highest)], best);
      assert.ok(Math.abs(highest - expected) < 0.02, `${highest}`);
    },
  );

  test(`${model}: with the default way, the label is the same`, NEEDS_DATA, async () => {
    const { status, error, manifest } = await buildReal(...(isFloat ? ['--preprocess', 'tf'] : []));
    assert.equal(status, 0, error);
    const { output, golden, variants, preprocess } = await manifest();
    const probabilities = golden[0]?.probabilities ?? [];
    assert.equal(output.labels[probabilities.indexOf(Math.max(...probabilities))], best);
    assert.equal(output.activation, 'probabilities');
    assert.equal(preprocess.scale_flags, 'lanczos');
    assert.equal(variants[0]?.precision, isFloat ? 'fp32' : 'int8');
  });
}
