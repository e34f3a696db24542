import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A small disk of its own, which can be filled up and made read-only. */
export interface SmallDisk {
  readonly path: string;
  /** Not one more byte goes on it. */
  fill(): void;
  empty(): void;
  /** @throws Error while a file is open for writing */
  setWritable(isWritable: boolean): void;
  unmount(): void;
}

const SIZE = '160m';
const CHUNK = Buffer.alloc(1024 * 1024, 1);

/** @returns undefined where this process may not mount */
export function mountSmallDisk(path: string): SmallDisk | undefined {
  mkdirSync(path, { recursive: true });
  if (!mount(['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', path])) return undefined;
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: () => fillUp(ballast),
    empty: () => rmSync(ballast, { force: true }),
    setWritable: (isWritable) => {
      if (!mount(['-o', `remount,${isWritable ? 'rw' : 'ro'},size=${SIZE}`, path]))
        throw new Error(`${path} cannot be remounted`);
    },
    unmount: () => void spawnSync('umount', ['--lazy', path]),
  };
}

const mount = (args: readonly string[]): boolean =>
  spawnSync('mount', args, { stdio: 'ignore' }).status === 0;

/** In ever smaller pieces, down to the last page. */
function fillUp(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (let sizeBytes = CHUNK.length; sizeBytes >= 1; sizeBytes = Math.floor(sizeBytes / 2)) {
      while (writes(file, sizeBytes));
    }
  } finally {
    closeSync(file);
  }
}

function writes(file: number, sizeBytes: number): boolean {
  try {
    return writeSync(file, CHUNK, 0, sizeBytes) === sizeBytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
