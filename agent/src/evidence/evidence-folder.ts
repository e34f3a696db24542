import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isEventId } from '@watchpost/shared/messages/evidence.ts';
import { parsePictureName } from './picture-name.ts';
import type { KeptPicture, KeptSighting } from './port.ts';

/** A sighting, and the folder of its pictures below the one of its day. */
export interface PlacedSighting extends KeptSighting {
  readonly day: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * What is in `folder`, laid out as `<day>/<event>/<picture>`, oldest first. What a power cut or a kill left half written
 * is cleared away.
 */
export async function readEvidenceFolder(folder: string): Promise<readonly PlacedSighting[]> {
  const found: PlacedSighting[] = [];
  for (const day of (await namesIn(folder)).filter((name) => DAY.test(name))) {
    for (const event of (await namesIn(join(folder, day))).filter(isEventId)) {
      const sighting = await readSighting(join(folder, day, event));
      if (sighting === undefined) await rm(join(folder, day, event), { recursive: true, force: true });
      else found.push({ event, day, ...sighting });
    }
    await removeEmpty(join(folder, day));
  }
  return found.sort((one, other) => one.atMs - other.atMs);
}

/** @returns undefined when there is no whole picture */
async function readSighting(folder: string): Promise<Omit<KeptSighting, 'event'> | undefined> {
  const pictures: KeptPicture[] = [];
  let atMs = Number.POSITIVE_INFINITY;
  for (const name of await namesIn(folder)) {
    const named = parsePictureName(name);
    const { size, mtimeMs } = await stat(join(folder, name));
    if (named === undefined || size === 0) {
      await rm(join(folder, name), { recursive: true, force: true });
      continue;
    }
    pictures.push({ ...named, sizeBytes: size });
    atMs = Math.min(atMs, Math.floor(mtimeMs));
  }
  if (pictures.length === 0) return undefined;
  return { atMs, pictures: pictures.sort((one, other) => one.number - other.number) };
}

/** The folder of a day goes with its last sighting. */
export async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error;
  });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
