import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { isId } from '@watchpost/shared/kernel/ids.ts';
import { isEventId } from '@watchpost/shared/messages/evidence.ts';
import { onDisk } from '../kernel/on-disk.ts';
import type { EvidenceFiles, SightingKey } from './port.ts';

const OWNER_ONLY = 0o600;

/** Pictures at `<folder>/<device>/<event>/<number>.jpg`. */
export function createDiskEvidenceFiles(folder: string): EvidenceFiles {
  const pathOf = (sighting: SightingKey, number: number): string =>
    join(folderOf(folder, sighting), `${number}.jpg`);
  return {
    save: async (sighting, number, bytes) => {
      const path = pathOf(sighting, number);
      await onDisk('keeping a picture of a sighting', () => writeFileAtomic(path, bytes, OWNER_ONLY));
    },
    load: async (sighting, number) => {
      const path = pathOf(sighting, number);
      return onDisk('reading a picture of a sighting', () => readIfThere(path));
    },
    remove: async (sighting) => {
      const path = folderOf(folder, sighting);
      await onDisk('removing the pictures of a sighting', () => rm(path, { recursive: true, force: true }));
    },
  };
}

/** An id never leads out of the folder; anything else is a bug. */
function folderOf(folder: string, { deviceId, event }: SightingKey): string {
  if (!isId(deviceId) || !isEventId(event)) throw new TypeError(`"${deviceId}/${event}" is no sighting`);
  return join(folder, deviceId, event);
}
