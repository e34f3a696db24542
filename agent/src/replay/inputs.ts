import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { agentError } from '../kernel/errors.ts';
import type { ReplayInput } from './port.ts';

const PICTURES: readonly string[] = ['.bmp', '.jpeg', '.jpg', '.png', '.webp'];
const VIDEOS: readonly string[] = [
  '.avi',
  '.h264',
  '.m4v',
  '.mjpeg',
  '.mkv',
  '.mov',
  '.mp4',
  '.mpeg',
  '.mpg',
  '.ts',
  '.webm',
];

/**
 * The files behind `path`, in the order of their names. In a folder, at any depth, only what is called a picture or
 * a video counts; a file that is named itself is taken for a video when it is not called a picture.
 * @throws AppError INPUT_MISSING
 */
export async function listInputs(path: string): Promise<readonly ReplayInput[]> {
  if (!(await isFolder(path))) return [{ kind: kindOf(path) ?? 'video', path, name: basename(path) }];
  const names = (await readdir(path, { recursive: true })).toSorted();
  const inputs = names.flatMap((name) => {
    const kind = kindOf(name);
    return kind === undefined ? [] : [{ kind, path: join(path, name), name }];
  });
  if (inputs.length === 0) throw agentError('INPUT_MISSING', `${path} holds no picture and no video`);
  return inputs;
}

function kindOf(name: string): ReplayInput['kind'] | undefined {
  const extension = extname(name).toLowerCase();
  if (PICTURES.includes(extension)) return 'picture';
  return VIDEOS.includes(extension) ? 'video' : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw agentError('INPUT_MISSING', `there is no file or folder ${path}`, { cause });
  }
}
