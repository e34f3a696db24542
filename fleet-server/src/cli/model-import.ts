import { join } from 'node:path';
import { digestOf } from '@watchpost/shared/kernel/digest.ts';
import { isId } from '@watchpost/shared/kernel/ids.ts';
import { serverError } from '../kernel/errors.ts';
import { type BundleSources, buildBundle } from '../registry/bundle-builder.ts';
import { requireFreeFolder, writeBundleFolder } from '../registry/bundle-folder.ts';
import { importHuggingFace } from '../registry/hugging-face-import.ts';
import { importMlflow } from '../registry/mlflow-import.ts';
import type { ImportedModel, Importer } from '../registry/model-import.ts';
import { openOnnxModel } from '../registry/onnx-inspection.ts';
import { importRoboflow } from '../registry/roboflow-import.ts';
import { renderGolden } from '../registry/sharp-golden.ts';
import { importTimm } from '../registry/timm-import.ts';
import {
  BUNDLE_OPTIONS,
  listPictures,
  readLabels,
  readObject,
  readPreprocess,
  readSource,
  readTemperature,
} from './bundle-sources.ts';
import type { Command, OptionValues } from './command.ts';
import { readImportFolder } from './yaml-import-folder.ts';

const IMPORTERS: Readonly<Record<string, Importer>> = {
  mlflow: importMlflow,
  hf: importHuggingFace,
  timm: importTimm,
  roboflow: importRoboflow,
};

export const modelImport: Command = {
  description: `Makes a bundle from the folder of another tool: it gives labels, preprocessing and lineage; what is given here
counts instead. The model itself must be ONNX. Push the bundle afterwards.`,
  positionals: [],
  options: {
    mlflow: { value: 'DIR', description: 'a logged model (MLmodel), or the folder of its registry or run' },
    hf: { value: 'DIR', description: 'Hugging Face: config.json and preprocessor_config.json' },
    timm: { value: 'DIR', description: 'timm: config.json with pretrained_cfg' },
    roboflow: { value: 'DIR', description: 'Roboflow: environment.json and class_names.txt' },
    ...BUNDLE_OPTIONS,
    onnx: { value: 'FILE', description: 'the model; default: the one in the folder' },
  },
  run: async ({ values }) => {
    const out = values.requireText('out');
    await requireFreeFolder(out);
    const { folder, importer } = chooseImporter(values);
    const sources = await composeSources(values, folder, importer(await readImportFolder(folder)));
    const bundle = await buildBundle(sources, { openModel: openOnnxModel, renderGolden });
    await writeBundleFolder(out, bundle);
    const digest = digestOf(bundle.manifest);
    const { model, version, output, lineage } = bundle.manifest;
    return {
      text: `${out} holds ${model}@${version}: ${output.labels.length} labels, lineage ${JSON.stringify(lineage)}, digest ${digest}`,
      json: { folder: out, digest, manifest: bundle.manifest },
    };
  },
};

function chooseImporter(values: OptionValues): { readonly folder: string; readonly importer: Importer } {
  const given = Object.entries(IMPORTERS).flatMap(([name, importer]) => {
    const folder = values.text(name);
    return folder === undefined ? [] : [{ folder, importer }];
  });
  const [chosen, ...more] = given;
  if (chosen === undefined || more.length > 0)
    throw serverError('USAGE', 'give one of --mlflow, --hf, --timm and --roboflow');
  return chosen;
}

async function composeSources(
  values: OptionValues,
  folder: string,
  imported: ImportedModel,
): Promise<BundleSources> {
  const name = values.text('name') ?? imported.name;
  if (name === undefined || !isId(name))
    throw serverError('USAGE', `--name must be given: a-z, 0-9 and - only, up to 64`);
  const version = values.text('version') ?? imported.version;
  if (version === undefined) throw serverError('USAGE', '--version is missing');
  const onnx = values.text('onnx') ?? (imported.onnx && join(folder, imported.onnx));
  if (onnx === undefined) throw serverError('USAGE', `--onnx is missing: ${folder} has no one ONNX file`);
  const card = values.text('card');
  return {
    name,
    version,
    releaseCounter: values.integer('release-counter', 1),
    onnx: { path: onnx, bytes: await readSource(onnx, 'model') },
    labels: await chooseLabels(values, imported),
    goldenPaths: await listPictures(values.texts('golden')),
    decision: await readObject(values.text('decision'), 'decision'),
    ...readTemperature(values.text('temperature')),
    metrics: imported.metrics,
    lineage: imported.lineage,
    ...(await choosePreprocess(values, imported)),
    ...(card !== undefined && { card: await readSource(card, 'model card') }),
  };
}

async function chooseLabels(values: OptionValues, { labels }: ImportedModel): Promise<readonly string[]> {
  const path = values.text('labels');
  if (path !== undefined) return readLabels(path);
  if (labels === undefined) throw serverError('USAGE', '--labels is missing: the folder names no labels');
  return labels;
}

async function choosePreprocess(
  values: OptionValues,
  { preprocess }: ImportedModel,
): Promise<Pick<BundleSources, 'preprocess'>> {
  const given = values.text('preprocess');
  if (given !== undefined) return { preprocess: await readPreprocess(given) };
  if (preprocess === undefined) return {};
  return { preprocess: { kind: 'config', path: 'the imported folder', content: preprocess } };
}
