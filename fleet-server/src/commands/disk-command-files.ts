import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import { onDisk } from '../kernel/on-disk.ts';
import type { CommandFiles } from './port.ts';

export interface DiskCommandFilesOptions {
  readonly folder: string;
  /** All together; the oldest go first. */
  readonly maxBytes: number;
}

/** Pictures of cameras and insides of boxes. */
const OWNER_ONLY = 0o600;

/** One file for each command that brought one, named by its id. */
export function createDiskCommandFiles({ folder, maxBytes }: DiskCommandFilesOptions): CommandFiles {
  const pathOf = (id: string): string => join(folder, requireName(id));
  // Who looks for the oldest would else meet what another one is writing.
  const inTurn = createTurns();
  return {
    save: async (id, bytes) => {
      const path = pathOf(id);
      const keep = async (): Promise<void> => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFileAtomic(path, bytes, OWNER_ONLY);
        await prune(folder, maxBytes, id);
      };
      await onDisk('keeping the file of a command', () => inTurn(keep));
    },
    load: async (id) => {
      const path = pathOf(id);
      return onDisk('reading the file of a command', () => readIfThere(path));
    },
  };
}

async function prune(folder: string, maxBytes: number, newest: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return { name, size, mtimeMs };
    }),
  );
  let heldBytes = files.reduce((sum, { size }) => sum + size, 0);
  for (const { name, size } of files.sort((one, other) => one.mtimeMs - other.mtimeMs)) {
    if (heldBytes <= maxBytes) return;
    if (name === newest) continue;
    await rm(join(folder, name), { force: true });
    heldBytes -= size;
  }
}

/** An id of a command never leads out of the folder; anything else is a bug. */
function requireName(id: string): string {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) throw new TypeError(`"${id}" is no id of a command`);
  return id;
}
