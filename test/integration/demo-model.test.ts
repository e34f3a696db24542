import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drawExamples, type Examples, INPUT_BYTES, LABELS } from '../../scripts/pet-park/examples.ts';
import { type ModelRunner, openOnnx, openTfjs } from '../../scripts/pet-park/model-runner.ts';
import { likeliest } from '../../scripts/pet-park/scoring.ts';

const MODEL = fileURLToPath(new URL('../../scripts/pet-park/model', import.meta.url));
const TWO_MEGABYTES = 2 * 1024 * 1024;

let onnx: ModelRunner;
let tfjs: ModelRunner;
let examples: Examples;

function pictureAt(index: number): Uint8Array {
  return examples.pictures.subarray(index * INPUT_BYTES, (index + 1) * INPUT_BYTES);
}

before(async () => {
  onnx = await openOnnx(path.join(MODEL, 'petpark.onnx'));
  tfjs = await openTfjs(path.join(MODEL, 'tfjs'));
  examples = drawExamples({
    split: 'test',
    firstSeed: 700,
    worlds: 6,
    stretchesPerWorld: 5,
    framesPerStretch: 7,
  });
});

after(async () => {
  await onnx.close();
  await tfjs.close();
});

test('the ONNX file and the TensorFlow.js graph model answer alike', async () => {
  for (let i = 0; i < examples.count; i += 8) {
    const [a, b] = [await onnx.run(pictureAt(i)), await tfjs.run(pictureAt(i))];
    assert.equal(a.length, LABELS.length);
    a.forEach((probability, label) => {
      const difference = Math.abs(probability - (b[label] ?? Number.NaN));
      assert.ok(difference < 1e-4, `picture ${i}: ${a.join()} against ${b.join()}`);
    });
  }
});

test('the probabilities of a picture add up to one', async () => {
  const sum = (await onnx.run(pictureAt(0))).reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - 1) < 1e-5);
});

test('on parks it has never seen, the model is right in at least 95 of 100 decided frames', async () => {
  let right = 0;
  for (let i = 0; i < examples.count; i++) {
    if (likeliest(await onnx.run(pictureAt(i))) === examples.labels[i]) right++;
  }
  assert.ok(right / examples.count >= 0.95, `${right} of ${examples.count}`);
});

test('the committed model is small, and its labels are in the order of its outputs', async () => {
  const files = await readdir(MODEL, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files
      .filter((file) => file.isFile())
      .map(async (file) => (await stat(path.join(file.parentPath, file.name))).size),
  );
  assert.ok(sizes.reduce((a, b) => a + b, 0) <= TWO_MEGABYTES);
  assert.deepEqual((await readFile(path.join(MODEL, 'labels.txt'), 'utf8')).trim().split('\n'), [...LABELS]);
});
