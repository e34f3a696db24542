import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLabels } from '@watchpost/shared/bundle/model-graph.ts';
import { isSafeBundlePath } from '@watchpost/shared/bundle/paths.ts';
import { isPreprocessPreset } from '@watchpost/shared/bundle/preprocess.ts';
import { createJsonParser, parseJson } from '@watchpost/shared/kernel/parse.ts';
import Type from 'typebox';
import { serverError } from '../kernel/errors.ts';
import type { PreprocessChoice } from '../registry/preprocess-choice.ts';
import type { OptionSpec } from './command.ts';

/** What a bundle is made of: options of every command that makes one. */
export const BUNDLE_OPTIONS = {
  onnx: { value: 'FILE', description: 'the model' },
  labels: { value: 'FILE', description: 'one label per line, in the order of the outputs' },
  preprocess: { value: 'HOW', description: 'imagenet, tf, unit, raw, or a preprocessor_config.json' },
  name: { value: 'NAME', description: 'name of the model: a-z, 0-9 and -' },
  version: { value: 'V', description: 'version of the model, e.g. 1.2.0' },
  out: { value: 'DIR', description: 'folder to make' },
  'release-counter': { value: 'N', description: 'grows with every release; default 1' },
  golden: {
    value: 'PICTURE|FOLDER',
    description: 'pictures whose results every box must reproduce; may be given several times',
    multiple: true,
  },
  temperature: {
    value: 'T',
    description: 'divides what comes before the softmax, to calibrate the model; default 1',
  },
  decision: { value: 'FILE', description: 'JSON: decision rules that differ from the default' },
  card: { value: 'FILE', description: 'model card, Markdown' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** @throws AppError FILE_UNREADABLE naming what the file is for */
export async function readSource(path: string, what: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `${what} ${path} cannot be read`, { cause });
  });
}

/** @throws AppError FILE_UNREADABLE | MESSAGE_INVALID */
export async function readObject(path: string | undefined, what: string): Promise<object> {
  if (path === undefined) return {};
  const content = parseJson(await readSource(path, what), `${what} ${path}`);
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  throw serverError('FILE_UNREADABLE', `${what} ${path} does not hold a JSON object`);
}

/** @throws AppError USAGE */
export function readTemperature(given: string | undefined): { readonly temperature?: number } {
  if (given === undefined) return {};
  const temperature = Number(given);
  if (Number.isFinite(temperature) && temperature > 0) return { temperature };
  throw serverError('USAGE', `--temperature "${given}" is no number above 0`);
}

export async function readLabels(path: string): Promise<readonly string[]> {
  return parseLabels(Buffer.from(await readSource(path, 'labels')).toString('utf8'));
}

/** A name that is neither a preset nor a file is told apart later, where the presets are known. */
export async function readPreprocess(given: string): Promise<PreprocessChoice> {
  const isFile = await stat(given).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isPreprocessPreset(given) || !isFile) return { kind: 'preset', name: given };
  return { kind: 'config', path: given, content: parseJson(await readSource(given, 'preprocess'), given) };
}

const PICTURE = /\.(jpe?g|png|webp|bmp)$/i;

/** Pictures as given, those of a folder in the order of their names. */
export async function listPictures(given: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    given.map(async (path) => {
      const found = await stat(path).catch((cause: unknown) => {
        throw serverError('FILE_UNREADABLE', `golden ${path} cannot be read`, { cause });
      });
      if (!found.isDirectory()) return [path];
      const names = (await readdir(path)).filter((name) => PICTURE.test(name)).sort();
      if (names.length === 0) throw serverError('FILE_UNREADABLE', `golden ${path} holds no picture`);
      return names.map((name) => join(path, name));
    }),
  );
  return lists.flat();
}

const parseTfjsModel = createJsonParser(
  Type.Object({ weightsManifest: Type.Array(Type.Object({ paths: Type.Array(Type.String()) })) }),
  'TensorFlow.js model.json',
);

/** model.json of a TensorFlow.js graph model and the weight files it names. */
export async function readTfjsModel(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const model = await readSource(join(folder, 'model.json'), 'TensorFlow.js model');
  const files = new Map([['model.json', model]]);
  for (const path of parseTfjsModel(model).weightsManifest.flatMap(({ paths }) => paths)) {
    if (!isSafeBundlePath(path))
      throw serverError('FILE_UNREADABLE', `TensorFlow.js weights "${path}" lie outside ${folder}`);
    files.set(path, await readSource(join(folder, path), 'TensorFlow.js weights'));
  }
  return files;
}
