import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLabels } from '@watchpost/shared/bundle/model-graph.ts';
import { isSafeBundlePath } from '@watchpost/shared/bundle/paths.ts';
import { isPreprocessPreset } from '@watchpost/shared/bundle/preprocess.ts';
import { createJsonParser, parseJson } from '@watchpost/shared/kernel/parse.ts';
import Type from 'typebox';
import { serverError } from '../kernel/errors.ts';
import type { PreprocessChoice } from '../registry/preprocess-choice.ts';

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
