import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../kernel/errors.ts';
import { type Manifest, parseManifest } from './manifest.ts';

const MANIFEST: Manifest = {
  schemaVersion: 1,
  model: 'pet-park',
  version: '1.0.0',
  releaseCounter: 1,
  requires: {},
  files: [
    { path: 'model.onnx', sha256: 'a'.repeat(64), sizeBytes: 10 },
    { path: 'golden/cat.png', sha256: 'b'.repeat(64), sizeBytes: 10 },
  ],
  variants: [{ name: 'fp32', runtime: 'onnx', precision: 'fp32', file: 'model.onnx', cpuFeatures: [] }],
  input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 160, height: 96, channels: 'RGB' },
  preprocess: {
    do_resize: true,
    size: { width: 160, height: 96 },
    do_center_crop: false,
    do_rescale: false,
    do_normalize: false,
  },
  output: { name: 'probs', activation: 'probabilities', labels: ['cat', 'dog', 'none'], temperature: 1 },
  decision: {
    window: 5,
    enter: 0.6,
    exit: 0.4,
    minVotes: 3,
    minDwellSec: 1,
    cooldownSec: 2,
    rejectBelow: 0.5,
    background: ['none'],
  },
  golden: [{ file: 'golden/cat.png', probabilities: [0.9, 0.05, 0.05], tolerance: 0.02 }],
  metrics: { accuracy: 0.97 },
  lineage: { seed: 1 },
};

test('a manifest whose parts agree is accepted as it is', () => {
  assert.deepEqual(parseManifest(structuredClone(MANIFEST)), MANIFEST);
});

const file = (path: string) => ({ path, sha256: 'c'.repeat(64), sizeBytes: 1 });
const BROKEN: readonly (readonly [name: string, change: object, code: string, words: RegExp])[] = [
  ['of a future schema', { schemaVersion: 2, whatever: true }, 'MANIFEST_TOO_NEW', /schemaVersion 2/],
  ['with a key nobody knows', { colour: 'red' }, 'MANIFEST_INVALID', /\/colour is not a known key/],
  [
    'with a path that leaves the bundle',
    { files: [...MANIFEST.files, file('../x')] },
    'MANIFEST_INVALID',
    /"\.\.\/x" leaves/,
  ],
  [
    'with an absolute path',
    { files: [...MANIFEST.files, file('/etc/passwd')] },
    'MANIFEST_INVALID',
    /leaves/,
  ],
  [
    'that lists a file twice',
    { files: [...MANIFEST.files, file('model.onnx')] },
    'MANIFEST_INVALID',
    /twice/,
  ],
  [
    'that uses a file it does not list',
    { golden: [{ ...MANIFEST.golden[0], file: 'x.png' }] },
    'MANIFEST_INVALID',
    /"x.png" is used/,
  ],
  [
    'whose thresholds cross',
    { decision: { ...MANIFEST.decision, exit: 0.9 } },
    'MANIFEST_INVALID',
    /exit is above/,
  ],
  [
    'with a digest that is none',
    { files: [{ path: 'model.onnx', sha256: 'x', sizeBytes: 1 }] },
    'MANIFEST_INVALID',
    /\/files\/0\/sha256/,
  ],
];
for (const [name, change, code, words] of BROKEN) {
  test(`a manifest ${name} is refused`, () => {
    assert.throws(
      () => parseManifest({ ...MANIFEST, ...change }),
      (error: unknown) => isAppError(error, code) && words.test(error.message),
    );
  });
}
