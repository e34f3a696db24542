import { access, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  type Manifest,
  type Preprocess,
  parseManifest,
  type Variant,
} from '@watchpost/shared/bundle/manifest.ts';
import { deriveModelInput, type ModelGraph, parseLabels } from '@watchpost/shared/bundle/model-graph.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import {
  isPreprocessPreset,
  PREPROCESS_PRESETS,
  parsePreprocessorConfig,
} from '@watchpost/shared/bundle/preprocess.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import type { ModelInspector, ModelSpec } from '../inference/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { ReplayModel } from './arguments.ts';

export interface ModelChoiceDeps {
  readonly inspector: ModelInspector;
  readonly threads: number;
}

/**
 * What to load for the model that was named.
 * @throws AppError INPUT_MISSING | BUNDLE_FILE_MISSING | BUNDLE_DIGEST_MISMATCH | MANIFEST_INVALID | MANIFEST_TOO_NEW
 *   | USAGE_INVALID | PREPROCESS_REQUIRED | MESSAGE_INVALID, and as `ModelInspector`
 */
export function chooseModel(model: ReplayModel, deps: ModelChoiceDeps): Promise<ModelSpec> {
  return model.kind === 'bundle' ? chooseVariant(model, deps.threads) : describeFile(model, deps);
}

// A tool has the box to itself: threads may spin, which makes single runs faster.
const SPINNING = true;

async function chooseVariant(
  { folder, variant: name }: ReplayModel & { kind: 'bundle' },
  threads: number,
): Promise<ModelSpec> {
  const path = join(folder, MANIFEST_FILE);
  const manifest = parseManifest(parseJson(await readNamed(path), path));
  const variant = manifest.variants.find((it) => name === undefined || it.name === name);
  if (variant === undefined) {
    const names = manifest.variants.map((it) => it.name).join(', ');
    throw agentError('USAGE_INVALID', `the bundle has no variant ${name}; it has ${names}`);
  }
  await checkFile(folder, manifest, variant);
  const { input, preprocess, output } = manifest;
  const file = resolve(folder, variant.file);
  return { path: file, runtime: variant.runtime, input, preprocess, output, threads, spinning: SPINNING };
}

async function checkFile(folder: string, manifest: Manifest, { file }: Variant): Promise<void> {
  const listed = manifest.files.find(({ path }) => path === file);
  const found = await readFile(join(folder, file)).catch((cause: unknown) => {
    throw agentError('BUNDLE_FILE_MISSING', `${folder} lacks ${file}`, { cause });
  });
  if (sha256Hex(found) !== listed?.sha256)
    throw agentError('BUNDLE_DIGEST_MISMATCH', `${file} in ${folder} has another digest`);
}

async function describeFile(
  model: ReplayModel & { kind: 'file' },
  deps: ModelChoiceDeps,
): Promise<ModelSpec> {
  const labels = parseLabels((await readNamed(model.labels)).toString('utf8'));
  if (labels.length < 2)
    throw agentError('LABELS_MISMATCH', `${model.labels} holds ${labels.length} labels, not two or more`);
  const asked = model.preprocess === undefined ? undefined : await readPreprocess(model.preprocess);
  await checkThere(model.path);
  const graph = await deps.inspector.inspect(model.path);
  const derived = deriveModelInput(graph, asked);
  if (derived.kind === 'unclear')
    throw agentError('MODEL_MISMATCH', `${basename(model.path)}: ${derived.reason}`);
  const { input } = derived;
  if (asked === undefined && input.dtype === 'float32')
    throw agentError(
      'PREPROCESS_REQUIRED',
      `${basename(model.path)} takes float32 and does not say how pixels become numbers`,
    );
  const output = { name: outputName(graph, model.path), labels: [...labels], temperature: 1 };
  const spec = {
    path: resolve(model.path),
    runtime: 'onnx',
    input,
    preprocess: asked ?? PREPROCESS_PRESETS.raw,
    threads: deps.threads,
    spinning: SPINNING,
  } as const;
  const activation = await deps.inspector.probeActivation({
    ...spec,
    output: { ...output, activation: 'logits' },
  });
  return { ...spec, output: { ...output, activation } };
}

function outputName(graph: ModelGraph, path: string): string {
  const [output] = graph.outputs;
  if (output === undefined) throw agentError('MODEL_MISMATCH', `${basename(path)} has no output`);
  return output.name;
}

async function readPreprocess(name: string): Promise<Preprocess> {
  if (isPreprocessPreset(name)) return PREPROCESS_PRESETS[name];
  return parsePreprocessorConfig(parseJson(await readNamed(name), name));
}

/** @throws AppError INPUT_MISSING */
async function readNamed(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw agentError('INPUT_MISSING', `there is no file ${path} to read`, { cause });
  });
}

/** @throws AppError INPUT_MISSING */
async function checkThere(path: string): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw agentError('INPUT_MISSING', `there is no file ${path}`, { cause });
  });
}
