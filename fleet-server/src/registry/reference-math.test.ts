import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelInput, Preprocess } from '@watchpost/shared/bundle/manifest.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { computeProbabilities, computeTensor, cutCentre, findActivation } from './reference-math.ts';

const input: ModelInput = {
  name: 'input',
  layout: 'NHWC',
  dtype: 'float32',
  width: 2,
  height: 1,
  channels: 'RGB',
};
const rgb = Uint8Array.of(0, 51, 255, 255, 102, 0);
const picture = { width: 2, height: 1, rgb };
const tensorOf = (change: Partial<ModelInput>, preprocess: Preprocess) =>
  Array.from(computeTensor(picture, { ...input, ...change }, preprocess), (value) =>
    Math.round(value * 1000),
  );

test('the formulas of the presets', () => {
  assert.deepEqual(tensorOf({}, PREPROCESS_PRESETS.raw), [0, 51000, 255000, 255000, 102000, 0]);
  assert.deepEqual(tensorOf({}, PREPROCESS_PRESETS.unit), [0, 200, 1000, 1000, 400, 0]);
  assert.deepEqual(tensorOf({}, PREPROCESS_PRESETS.tf), [-1000, -600, 1000, 1000, -200, -1000]);
  assert.deepEqual(tensorOf({}, PREPROCESS_PRESETS.imagenet), [-2118, -1143, 2640, 2249, -250, -1804]);
});

test('NCHW holds one plane after the other', () => {
  assert.deepEqual(tensorOf({ layout: 'NCHW' }, PREPROCESS_PRESETS.unit), [0, 1000, 200, 400, 1000, 0]);
});

test('uint8 holds the pixels', () => {
  assert.deepEqual(computeTensor(picture, { ...input, dtype: 'uint8' }, PREPROCESS_PRESETS.raw), rgb);
});

test('the centre is cut out', () => {
  const wide = { width: 4, height: 1, rgb: Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4) };
  assert.deepEqual([...cutCentre(wide, input).rgb], [2, 2, 2, 3, 3, 3]);
  const odd = { width: 3, height: 1, rgb: wide.rgb.subarray(0, 9) };
  assert.deepEqual([...cutCentre(odd, input).rgb], [2, 2, 2, 3, 3, 3]);
});

test('outputs that sum to one are probabilities, any other are logits', () => {
  assert.equal(
    findActivation([
      [0.1, 0.9],
      [1, 0],
    ]),
    'probabilities',
  );
  assert.equal(
    findActivation([
      [0.1, 0.9],
      [3, -2],
    ]),
    'logits',
  );
  assert.equal(findActivation([[0.9, 0.9]]), 'logits');
});

test('logits go through softmax, probabilities are scaled to one', () => {
  assert.deepEqual(computeProbabilities([1000, 1000], 'logits'), [0.5, 0.5]);
  assert.deepEqual(
    computeProbabilities([0.2, 0.6], 'probabilities')?.map((p) => Math.round(p * 100)),
    [25, 75],
  );
});

test('a temperature of two flattens what the model says', () => {
  const hundredths = (found: readonly number[] | undefined) => found?.map((p) => Math.round(p * 100));
  assert.deepEqual(hundredths(computeProbabilities([0, 2 * Math.log(3)], 'logits', 2)), [25, 75]);
  assert.deepEqual(hundredths(computeProbabilities([0.1, 0.9], 'probabilities', 2)), [25, 75]);
});

test('what is no number has no probabilities', () => {
  assert.equal(computeProbabilities([Number.NaN, 1], 'logits'), undefined);
  assert.equal(computeProbabilities([0, 0], 'probabilities'), undefined);
});
