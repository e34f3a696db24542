import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import { computeFramePlan } from './frame-plan.ts';

const input = {
  name: 'x',
  layout: 'NHWC',
  dtype: 'uint8',
  width: 224,
  height: 192,
  channels: 'RGB',
} as const;
const raw = PREPROCESS_PRESETS.raw;
const covered = { width: 224, height: 192, fit: 'cover', scaleFlags: 'lanczos' };

for (const [name, preprocess, expected] of [
  ['without a size, the input is covered', raw, covered],
  [
    'with both sides, the picture is squashed',
    { ...raw, size: { width: 224, height: 192 } },
    { ...covered, fit: 'squash' },
  ],
  [
    'with a longer shortest edge, the crop is smaller',
    { ...raw, size: { shortest_edge: 256 } },
    { ...covered, shortestEdge: 256 },
  ],
  [
    'with the shortest edge of the input, the input is covered',
    { ...raw, size: { shortest_edge: 192 } },
    covered,
  ],
  [
    'with padding, the whole picture is kept between edges',
    { ...raw, do_pad: true, pad_value: 114, size: { width: 224, height: 192 } },
    { ...covered, fit: 'letterbox', padLevel: 114 },
  ],
  [
    'with padding and nothing else, the edges are black',
    { ...raw, do_pad: true },
    { ...covered, fit: 'letterbox' },
  ],
  [
    'with a number of PIL, its filter is used',
    { ...raw, resample: 2 },
    { ...covered, scaleFlags: 'bilinear' },
  ],
  [
    'with scale flags, they win',
    { ...raw, resample: 2, scale_flags: 'area' },
    { ...covered, scaleFlags: 'area' },
  ],
] as const)
  test(name, () => {
    assert.deepEqual(computeFramePlan(preprocess, input), expected);
  });

for (const [name, change] of [
  ['a squash', { size: { width: 256, height: 256 } }],
  ['a crop', { crop_size: { width: 128, height: 128 } }],
  ['a shortest edge', { size: { shortest_edge: 100 } }],
  ['a padding', { do_pad: true, size: { width: 256, height: 256 } }],
  ['a padding of what covers', { do_pad: true, size: { shortest_edge: 192 } }],
] as const)
  test(`${name} that cannot give the model's size is refused`, () => {
    assert.throws(() => computeFramePlan({ ...raw, ...change }, input), { code: 'MODEL_MISMATCH' });
  });
