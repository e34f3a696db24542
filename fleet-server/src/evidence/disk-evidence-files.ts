import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { isId } from '@watchpost/shared/kernel/ids.ts';
import { isEventId } from '@watchpost/shared/messages/evidence.ts';
import { serverError } from '../kernel/errors.ts';
import type { EvidenceFiles, SightingKey } from './port.ts';

const OWNER_ONLY = 0o600;

/** Pictures at `<folder>/<device>/<event>/<number>.jpg`. */
export function createDiskEvidenceFiles(folder: string): EvidenceFiles {
  const pathOf = (sighting: SightingKey, number: number): string =>
    join(folderOf(folder, sighting), `${number}.jpg`);
  return {
    save: (sighting, number, bytes) =>
      attempt('keep', () => writeFileAtomic(pathOf(sighting, number), bytes, OWNER_ONLY)),
    load: (sighting, number) =>
      attempt('read', () =>
        readFile(pathOf(sighting, number)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
          return undefined;
        }),
      ),
    remove: (sighting) =>
      attempt('remove', () => rm(folderOf(folder, sighting), { recursive: true, force: true })),
  };
}

/** An id never leads out of the folder; anything else is a bug. */
function folderOf(folder: string, { deviceId, event }: SightingKey): string {
  if (!isId(deviceId) || !isEventId(event)) throw new TypeError(`"${deviceId}/${event}" is no sighting`);
  return join(folder, deviceId, event);
}

async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw serverError('STORE_FAILED', `cannot ${doing} a picture of a sighting`, { cause });
  }
}
