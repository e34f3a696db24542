import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Manifest, parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { digestOf } from '@watchpost/shared/kernel/digest.ts';
import { syncFolder, writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { agentError } from '../kernel/errors.ts';
import { isSound, objectPath, place } from './object-files.ts';
import type { InstalledBundle } from './port.ts';

/**
 * Reads a bundle folder and every byte of its files.
 * @throws AppError BUNDLE_DIGEST_MISMATCH | BUNDLE_FILE_MISSING | MANIFEST_INVALID | MANIFEST_TOO_NEW | MESSAGE_INVALID
 */
export async function loadBundle(folder: string, digest: string): Promise<InstalledBundle> {
  const manifest = await loadManifest(folder);
  if (digestOf(manifest) !== digest) {
    throw agentError('BUNDLE_DIGEST_MISMATCH', `${folder}/${MANIFEST_FILE} is not the manifest ${digest}`);
  }
  for (const file of manifest.files) {
    if (await isSound(join(folder, file.path), file)) continue;
    throw agentError('BUNDLE_DIGEST_MISMATCH', `${folder}/${file.path} is not the file ${file.sha256}`);
  }
  return { digest, folder, manifest };
}

/** @throws AppError BUNDLE_FILE_MISSING | MANIFEST_INVALID | MANIFEST_TOO_NEW | MESSAGE_INVALID */
export async function loadManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw agentError('BUNDLE_FILE_MISSING', `cannot read ${path}`, { cause });
  });
  return parseManifest(parseJson(text, path));
}

/** Lays a bundle out of `objects`; `folder` appears when everything in it is safe on the disk. */
export async function layOut(
  manifest: Manifest,
  { objects, folder }: { readonly objects: string; readonly folder: string },
): Promise<void> {
  const staging = `${folder}.new`;
  await rm(staging, { recursive: true, force: true });
  const folders = new Set([staging]);
  for (const file of manifest.files) {
    const path = join(staging, file.path);
    await mkdir(dirname(path), { recursive: true });
    await place(objectPath(objects, file), path);
    for (let above = dirname(path); above !== staging; above = dirname(above)) folders.add(above);
  }
  await writeFileAtomic(join(staging, MANIFEST_FILE), canonicalJson(manifest));
  for (const each of folders) await syncFolder(each);
  await rm(folder, { recursive: true, force: true });
  await rename(staging, folder);
  await syncFolder(dirname(folder));
}
