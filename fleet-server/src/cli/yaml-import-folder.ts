import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { serverError } from '../kernel/errors.ts';
import type { ImportFolder } from '../registry/model-import.ts';

const MAX_FILES = 2_000;
const MAX_DEPTH = 6;
/** Longer files hold no metadata: they are named, not read. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const BINARY = /\.(onnx|bin|pt|pth|pb|h5|safetensors|npz|npy|pkl|png|jpe?g|webp|data)$/i;
const YAML_FILE = /^(MLmodel|registered_model_meta|.+\.ya?ml)$/;

/** @throws AppError FILE_UNREADABLE | IMPORT_UNSUITABLE */
export async function readImportFolder(folder: string): Promise<ImportFolder> {
  const paths = await listFiles(folder, '', 0);
  const files = new Map<string, unknown>();
  for (const path of paths) files.set(path, await readDocument(join(folder, path)));
  return files;
}

async function listFiles(folder: string, below: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `folder ${join(folder, below)} cannot be read`, { cause });
  });
  const paths: string[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isFile()) paths.push(path);
    else if (entry.isDirectory() && depth < MAX_DEPTH)
      paths.push(...(await listFiles(folder, path, depth + 1)));
    if (paths.length > MAX_FILES)
      throw serverError(
        'IMPORT_UNSUITABLE',
        `${folder} holds more than ${MAX_FILES} files: name the model's own`,
      );
  }
  return paths;
}

async function readDocument(path: string): Promise<unknown> {
  if (BINARY.test(path) || (await stat(path)).size > MAX_TEXT_BYTES) return '';
  const text = await readFile(path, 'utf8');
  try {
    if (path.endsWith('.json')) return JSON.parse(text);
    return YAML_FILE.test(basename(path)) ? parse(text) : text;
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof YAMLParseError)) throw cause;
    throw serverError('IMPORT_UNSUITABLE', `${path} cannot be read: ${cause.message}`, { cause });
  }
}
