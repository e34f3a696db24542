import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, copyFile, link, open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BundleFile } from '@watchpost/shared/bundle/manifest.ts';
import { PART_SUFFIX } from '../download/port.ts';

/** Where a hard link cannot be made, a copy does as well. */
const UNLINKABLE = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'];

/** Files by their content: what two bundles share is on the disk once. */
export function objectPath(folder: string, { sha256 }: Pick<BundleFile, 'sha256'>): string {
  return join(folder, sha256);
}

/** Size and digest, both of the bytes on the disk. */
export async function isSound(path: string, file: BundleFile): Promise<boolean> {
  if ((await sizeOf(path)) !== file.sizeBytes) return false;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === file.sha256;
}

export async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  return found?.size;
}

/** The files, each content once, that are not in `folder`; a damaged one is deleted. */
export async function dropDamaged(
  folder: string,
  files: readonly BundleFile[],
): Promise<readonly BundleFile[]> {
  const missing: BundleFile[] = [];
  for (const file of new Map(files.map((it) => [it.sha256, it])).values()) {
    const path = objectPath(folder, file);
    if (await isSound(path, file)) continue;
    await rm(path, { force: true });
    missing.push(file);
  }
  return missing;
}

/** What files that are to come need, less what is there of them, and what there is. */
export async function readRoom(
  folder: string,
  files: readonly BundleFile[],
): Promise<{ readonly neededBytes: number; readonly freeBytes: number }> {
  const present = await Promise.all(files.map((file) => sizeOf(objectPath(folder, file) + PART_SUFFIX)));
  const neededBytes = files.reduce((total, file, index) => total + file.sizeBytes - (present[index] ?? 0), 0);
  const { bavail, bsize } = await statfs(folder);
  return { neededBytes, freeBytes: bavail * bsize };
}

/** The same bytes under a second name. */
export async function place(object: string, path: string): Promise<void> {
  try {
    await link(object, path);
  } catch (error) {
    if (!UNLINKABLE.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(object, path, constants.COPYFILE_FICLONE);
    const copy = await open(path, 'r+');
    await copy.sync().finally(() => copy.close());
  }
}
