import { serverError } from '../kernel/errors.ts';

/**
 * The small files of a folder by their path in it: JSON and YAML as what they hold, anything else as text. Binary files
 * are named with an empty text.
 */
export type ImportFolder = ReadonlyMap<string, unknown>;

/** What another tool's folder tells about a model: arguments of the bundle build. */
export interface ImportedModel {
  readonly name?: string;
  readonly version?: string;
  /** Path of the model in the folder. */
  readonly onnx?: string;
  readonly labels?: readonly string[];
  /** In the fields of preprocessor_config.json. */
  readonly preprocess?: Readonly<Record<string, unknown>>;
  readonly lineage: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** @throws AppError IMPORT_UNSUITABLE */
export type Importer = (folder: ImportFolder) => ImportedModel;

export type Fields = Readonly<Record<string, unknown>>;

export const unsuitable = (what: string): Error => serverError('IMPORT_UNSUITABLE', what);

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws AppError IMPORT_UNSUITABLE when the file is not there or holds no object */
export function requireFields(folder: ImportFolder, path: string): Fields {
  const found = folder.get(path);
  if (isFields(found)) return found;
  throw unsuitable(`the folder has no ${path} that holds an object`);
}

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

export const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.length > 0 && value.every((it) => typeof it === 'string') ? value : undefined;

export const numbersOf = (value: unknown): readonly number[] | undefined =>
  Array.isArray(value) && value.every((it) => typeof it === 'number') ? value : undefined;

/** `{"0": "cat", "1": "dog"}` in the order of the numbers. @throws AppError IMPORT_UNSUITABLE for one with gaps */
export function labelsOfMap(value: unknown): readonly string[] | undefined {
  if (!isFields(value) || Object.keys(value).length === 0) return undefined;
  return Array.from({ length: Object.keys(value).length }, (_, index) => {
    const label = value[String(index)];
    if (typeof label === 'string') return label;
    throw unsuitable(`the labels are not numbered from 0 on: there is no ${index}`);
  });
}

export const linesOf = (value: unknown): readonly string[] | undefined => {
  const lines = typeof value === 'string' ? value.split('\n').map((line) => line.trim()) : [];
  const labels = lines.filter((line) => line !== '');
  return labels.length === 0 ? undefined : labels;
};

/** The one ONNX file of the folder, or of its sub-folder `onnx`; undefined when it is not clear which. */
export function findOnnx(folder: ImportFolder): string | undefined {
  const paths = [...folder.keys()].filter((path) => path.endsWith('.onnx'));
  const usual = ['model.onnx', 'onnx/model.onnx', 'weights.onnx'].find((path) => paths.includes(path));
  return usual ?? (paths.length === 1 ? paths[0] : undefined);
}

/** Without what is undefined. */
export function known(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
