import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveModelInput, findGraphFit, type ModelGraph, parseLabels } from './model-graph.ts';
import { PREPROCESS_PRESETS, parsePreprocessorConfig } from './preprocess.ts';

const graphOf = (
  dtype: string,
  shape: (number | string)[],
  classes: (number | string)[] = [1, 3],
): ModelGraph => ({
  inputs: [{ name: 'input', dtype, shape }],
  outputs: [{ name: 'probs', dtype: 'float32', shape: classes }],
});
const labels = ['cat', 'dog', 'other'];
const output = { name: 'probs', activation: 'probabilities', labels, temperature: 1 } as const;

test('the layout of an input follows from the place of its three channels', () => {
  const planar = deriveModelInput(graphOf('float32', ['', 3, 128, 224]));
  const packed = deriveModelInput(graphOf('uint8', [1, 128, 224, 3]));
  assert.deepEqual(planar, {
    kind: 'derived',
    input: { name: 'input', layout: 'NCHW', dtype: 'float32', width: 224, height: 128, channels: 'RGB' },
  });
  assert.deepEqual(packed, {
    kind: 'derived',
    input: { name: 'input', layout: 'NHWC', dtype: 'uint8', width: 224, height: 128, channels: 'RGB' },
  });
});

test('a free size is taken from the preprocessing, and is unclear without', () => {
  const free = graphOf('float32', ['n', 3, 'h', 'w']);
  const crop = { ...PREPROCESS_PRESETS.imagenet, crop_size: { width: 192, height: 160 } };
  const derived = deriveModelInput(free, crop);
  assert.ok(derived.kind === 'derived' && derived.input.width === 192 && derived.input.height === 160);
  assert.equal(deriveModelInput(free, PREPROCESS_PRESETS.imagenet).kind, 'unclear');
});

for (const [name, graph] of [
  ['of another type', graphOf('float16', [1, 3, 8, 8])],
  ['without three channels', graphOf('float32', [1, 1, 8, 8])],
  ['that is not a picture', graphOf('float32', [1, 3])],
  ['that does not exist', { inputs: [], outputs: [] }],
] as const)
  test(`an input ${name} is unclear`, () => {
    assert.equal(deriveModelInput(graph).kind, 'unclear');
  });

test('a graph with a free batch fits; another name, type or size does not', () => {
  const input = {
    name: 'input',
    layout: 'NHWC',
    dtype: 'uint8',
    width: 4,
    height: 2,
    channels: 'RGB',
  } as const;
  const fit = (graph: ModelGraph) => findGraphFit(graph, input, output).kind;
  assert.equal(fit(graphOf('uint8', ['batch', 2, 4, 3], ['batch', 3])), 'fits');
  assert.equal(fit(graphOf('float32', [1, 2, 4, 3])), 'otherInput');
  assert.equal(fit(graphOf('uint8', [1, 4, 2, 3])), 'otherInput');
  assert.equal(
    findGraphFit(graphOf('uint8', [1, 2, 4, 3]), { ...input, name: 'x' }, output).kind,
    'otherInput',
  );
  assert.equal(
    findGraphFit(graphOf('uint8', [1, 2, 4, 3]), input, { ...output, name: 'y' }).kind,
    'otherOutput',
  );
});

test('when the labels do not match the output, both counts are named', () => {
  const input = {
    name: 'input',
    layout: 'NHWC',
    dtype: 'uint8',
    width: 4,
    height: 2,
    channels: 'RGB',
  } as const;
  const fit = findGraphFit(graphOf('uint8', [1, 2, 4, 3], [1, 1001, 1, 1]), input, output);
  assert.deepEqual(fit, {
    kind: 'otherLabels',
    what: 'expected 1001 labels for the output probs float32 [1,1001,1,1], found 3',
  });
});

test('labels are the lines with text', () => {
  assert.deepEqual(parseLabels('cat\r\ndog, hound\n\n'), ['cat', 'dog, hound']);
});

test('a preprocessor config of Hugging Face is read with its defaults and without its other keys', () => {
  const config = {
    image_processor_type: 'X',
    size: 256,
    crop_size: 224,
    image_mean: [0.5, 0.5, 0.5],
    resample: null,
  };
  assert.deepEqual(parsePreprocessorConfig(config), {
    do_resize: true,
    size: { shortest_edge: 256 },
    do_center_crop: true,
    crop_size: { width: 224, height: 224 },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
  });
  assert.deepEqual(parsePreprocessorConfig({ size: 224 }).size, { width: 224, height: 224 });
});

test('a preprocessor config with a wrong value is refused with its place', () => {
  assert.throws(() => parsePreprocessorConfig({ image_mean: [0.5] }), /image_mean/);
  assert.throws(() => parsePreprocessorConfig([]), { code: 'MESSAGE_INVALID' });
});
