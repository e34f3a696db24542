import { digestOf } from '@watchpost/shared/kernel/digest.ts';
import { isId } from '@watchpost/shared/kernel/ids.ts';
import { serverError } from '../kernel/errors.ts';
import { type BundleSources, buildBundle } from '../registry/bundle-builder.ts';
import { requireFreeFolder, writeBundleFolder } from '../registry/bundle-folder.ts';
import { openOnnxModel } from '../registry/onnx-inspection.ts';
import { renderGolden } from '../registry/sharp-golden.ts';
import {
  BUNDLE_OPTIONS,
  listPictures,
  readLabels,
  readObject,
  readPreprocess,
  readSource,
  readTemperature,
  readTfjsModel,
} from './bundle-sources.ts';
import type { Command, OptionValues } from './command.ts';

export const bundleBuild: Command = {
  description: `Makes a bundle from any ONNX classifier of pictures: float32 or uint8, NCHW or NHWC.
A float model needs --preprocess: imagenet (x/255, ImageNet's mean and deviation), tf (x/127.5 - 1), unit (x/255),
raw (x), or a preprocessor_config.json. Unless that says otherwise, pictures cover the input and are cut to its centre.`,
  positionals: [],
  options: {
    ...BUNDLE_OPTIONS,
    metrics: { value: 'FILE', description: 'JSON: measured numbers by name' },
    lineage: { value: 'FILE', description: 'JSON: where the model comes from' },
    tfjs: { value: 'DIR', description: 'the same model as a TensorFlow.js graph model' },
  },
  run: async ({ values }) => {
    const out = values.requireText('out');
    const sources = await readSources(values);
    await requireFreeFolder(out);
    const bundle = await buildBundle(sources, { openModel: openOnnxModel, renderGolden });
    await writeBundleFolder(out, bundle);
    const digest = digestOf(bundle.manifest);
    const { model, version, golden, files } = bundle.manifest;
    return {
      text: `${out} holds ${model}@${version}: ${files.length} files, ${golden.length} golden frames, digest ${digest}`,
      json: { folder: out, digest, manifest: bundle.manifest },
    };
  },
};

async function readSources(values: OptionValues): Promise<BundleSources> {
  const name = values.requireText('name');
  if (!isId(name)) throw serverError('USAGE', `--name "${name}" may have a-z, 0-9 and - only, up to 64`);
  const version = values.requireText('version');
  const path = values.requireText('onnx');
  const labels = await readLabels(values.requireText('labels'));
  const preprocess = values.text('preprocess');
  const card = values.text('card');
  const tfjs = values.text('tfjs');
  return {
    name,
    version,
    releaseCounter: values.integer('release-counter', 1),
    onnx: { path, bytes: await readSource(path, 'model') },
    labels,
    goldenPaths: await listPictures(values.texts('golden')),
    decision: await readObject(values.text('decision'), 'decision'),
    ...readTemperature(values.text('temperature')),
    metrics: await readObject(values.text('metrics'), 'metrics'),
    lineage: await readObject(values.text('lineage'), 'lineage'),
    ...(preprocess !== undefined && { preprocess: await readPreprocess(preprocess) }),
    ...(card !== undefined && { card: await readSource(card, 'model card') }),
    ...(tfjs !== undefined && { tfjs: await readTfjsModel(tfjs) }),
  };
}
