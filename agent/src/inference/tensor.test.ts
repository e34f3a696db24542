import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelInput, Preprocess } from '@watchpost/shared/bundle/manifest.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { createTensorMaker } from './tensor.ts';

/** Two pixels side by side. */
const RGB = Uint8Array.of(0, 51, 255, 102, 153, 204);
const input: ModelInput = {
  name: 'x',
  layout: 'NHWC',
  dtype: 'float32',
  width: 2,
  height: 1,
  channels: 'RGB',
};
const { imagenet, raw, tf, unit } = PREPROCESS_PRESETS;
const perChannel: Preprocess = { ...raw, do_normalize: true, image_mean: [0, 1, 2], image_std: [1, 2, 4] };

for (const [name, change, preprocess, expected] of [
  ['raw float NHWC', {}, raw, [0, 51, 255, 102, 153, 204]],
  ['raw float NCHW', { layout: 'NCHW' }, raw, [0, 102, 51, 153, 255, 204]],
  ['raw float NHWC in BGR', { channels: 'BGR' }, raw, [255, 51, 0, 204, 153, 102]],
  ['raw float NCHW in BGR', { layout: 'NCHW', channels: 'BGR' }, raw, [255, 204, 51, 153, 0, 102]],
  ['unit', {}, unit, [0, 0.2, 1, 0.4, 0.6, 0.8]],
  ['tf', {}, tf, [-1, -0.6, 1, -0.2, 0.2, 0.6]],
  ['imagenet', {}, imagenet, [-2.1179, -1.1429, 2.64, -0.3712, 0.6429, 1.7511]],
  ['mean and deviation by channel', {}, perChannel, [0, 25, 63.25, 102, 76, 50.5]],
  ['mean and deviation in the order of BGR', { channels: 'BGR' }, perChannel, [255, 25, -0.5, 204, 76, 25]],
  ['uint8 NCHW', { dtype: 'uint8', layout: 'NCHW' }, tf, [0, 102, 51, 153, 255, 204]],
  ['uint8 NHWC in BGR', { dtype: 'uint8', channels: 'BGR' }, raw, [255, 51, 0, 204, 153, 102]],
] as const)
  test(`pixels become a tensor: ${name}`, () => {
    const data = createTensorMaker({ ...input, ...change }, preprocess)(RGB);
    const rounded = Array.from(data, (value) => Number(value.toFixed(4)));
    assert.deepEqual(rounded, expected);
  });

test('uint8 NHWC RGB passes through without a copy', () => {
  assert.equal(createTensorMaker({ ...input, dtype: 'uint8' }, tf)(RGB), RGB);
});

test('a tensor that is filled is the same array for every picture', () => {
  const make = createTensorMaker(input, unit);
  assert.equal(make(RGB), make(RGB));
});

test('a picture of another size is refused', () => {
  const make = createTensorMaker({ ...input, dtype: 'uint8' }, raw);
  assert.throws(() => make(new Uint8Array(7)), { code: 'MODEL_MISMATCH' });
});
