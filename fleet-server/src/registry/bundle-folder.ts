import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type BundleFile, type Manifest, parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { serverError } from '../kernel/errors.ts';
import type { BuiltBundle } from './bundle-builder.ts';

/**
 * Writes a bundle as a folder, which appears whole or not at all.
 * @throws AppError USAGE when `folder` holds anything | STORE_FAILED
 */
export async function writeBundleFolder(folder: string, { manifest, files }: BuiltBundle): Promise<void> {
  const beside = `${folder.replace(/\/+$/, '')}.partial`;
  try {
    await rm(beside, { recursive: true, force: true });
    for (const [path, bytes] of [...files, manifestFile(manifest)]) {
      await mkdir(dirname(join(beside, path)), { recursive: true });
      await writeFile(join(beside, path), bytes);
    }
    await mkdir(dirname(folder), { recursive: true });
    await rename(beside, folder);
  } catch (cause) {
    await rm(beside, { recursive: true, force: true });
    throw serverError('STORE_FAILED', `writing the bundle to ${folder}`, { cause });
  }
}

function manifestFile(manifest: Manifest): [string, string] {
  return [MANIFEST_FILE, `${JSON.stringify(manifest, undefined, 2)}\n`];
}

/** @throws AppError USAGE: what is there is never written over */
export async function requireFreeFolder(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw serverError('FILE_UNREADABLE', `${folder} is not a folder`, { cause: error });
  });
  if (entries.length > 0) throw serverError('USAGE', `${folder} is not empty: name a new folder`);
}

/** @throws AppError FILE_UNREADABLE | MESSAGE_INVALID | MANIFEST_INVALID | MANIFEST_TOO_NEW */
export async function loadManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readFile(path).catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `${path} cannot be read: is ${folder} a bundle?`, { cause });
  });
  return parseManifest(parseJson(text, path));
}

/**
 * Every listed file is there and is what the manifest says.
 * @throws AppError BUNDLE_INCOMPLETE | DIGEST_MISMATCH
 */
export async function checkBundleFiles(folder: string, manifest: Manifest): Promise<void> {
  for (const file of manifest.files) await checkFile(folder, file);
}

async function checkFile(folder: string, { path, sha256 }: BundleFile): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, path)), hash).catch((cause: unknown) => {
    throw serverError('BUNDLE_INCOMPLETE', `${join(folder, path)} cannot be read`, { cause });
  });
  const found = hash.digest('hex');
  if (found !== sha256)
    throw serverError(
      'DIGEST_MISMATCH',
      `${join(folder, path)} has SHA-256 ${found}; the manifest says ${sha256}`,
    );
}
