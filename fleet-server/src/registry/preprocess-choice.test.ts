import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelInput } from '@watchpost/shared/bundle/manifest.ts';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { completePreprocess, computeFrameSize, readPreprocessChoice } from './preprocess-choice.ts';

const float: ModelInput = {
  name: 'input',
  layout: 'NCHW',
  dtype: 'float32',
  width: 224,
  height: 224,
  channels: 'RGB',
};
const bytes: ModelInput = { ...float, layout: 'NHWC', dtype: 'uint8' };
const config = (content: unknown) => readPreprocessChoice({ kind: 'config', path: 'p.json', content });

test('a preset covers the input and cuts its centre', () => {
  const asked = readPreprocessChoice({ kind: 'preset', name: 'imagenet' });
  assert.deepEqual(completePreprocess(asked, float), {
    ...PREPROCESS_PRESETS.imagenet,
    size: { shortest_edge: 224 },
    crop_size: { width: 224, height: 224 },
    resample: 1,
    scale_flags: 'lanczos',
  });
});

test('a uint8 model takes pixels as they are', () => {
  const { do_rescale, do_normalize, crop_size } = completePreprocess(undefined, bytes);
  assert.deepEqual([do_rescale, do_normalize, crop_size], [false, false, { width: 224, height: 224 }]);
  assert.throws(() => completePreprocess(PREPROCESS_PRESETS.tf, bytes), { code: 'PREPROCESS_INVALID' });
});

test('a float model without preprocessing is refused, and the choices are explained', () => {
  assert.throws(() => completePreprocess(undefined, float), {
    code: 'PREPROCESS_REQUIRED',
    message: /imagenet.*tf: x\/127\.5 - 1.*unit.*raw/,
  });
});

test('a name that is no preset is refused', () => {
  assert.throws(() => readPreprocessChoice({ kind: 'preset', name: 'caffe' }), {
    code: 'PREPROCESS_INVALID',
  });
});

test('a config that covers more than it cuts keeps its margin', () => {
  const complete = completePreprocess(config({ size: { shortest_edge: 256 }, crop_size: 224 }), float);
  assert.deepEqual(computeFrameSize(complete, float), { width: 256, height: 256, fit: 'cover' });
});

test('a config with both sides squashes', () => {
  const complete = completePreprocess(config({ size: { width: 224, height: 224 } }), float);
  assert.deepEqual(computeFrameSize(complete, float), { width: 224, height: 224, fit: 'squash' });
});

test('a config that pads keeps the whole picture between edges', () => {
  const size = { width: 224, height: 224 };
  const complete = completePreprocess(config({ do_pad: true, pad_value: 114, size }), float);
  assert.deepEqual(computeFrameSize(complete, float), { ...size, fit: 'letterbox', padLevel: 114 });
  const unsized = completePreprocess(config({ do_pad: true }), float);
  assert.deepEqual(computeFrameSize(unsized, float), { ...size, fit: 'letterbox', padLevel: 0 });
  assert.deepEqual([unsized.size, unsized.do_center_crop], [size, false]);
});

for (const content of [
  { do_pad: true, size: { shortest_edge: 224 } },
  { size: { width: 200, height: 224 } },
  { size: { shortest_edge: 128 }, crop_size: 224 },
  { size: 256, crop_size: 240 },
])
  test(`a config that ends in another size is refused: ${JSON.stringify(content)}`, () => {
    assert.throws(() => completePreprocess(config(content), float), { code: 'PREPROCESS_INVALID' });
  });
