import { join } from 'node:path';
import { readTextIfThere } from '@watchpost/shared/kernel/files.ts';
import { loadBundle } from './bundle-folder.ts';
import type { Champion } from './port.ts';
import { parseSlots } from './state-files.ts';

/**
 * The champion of a box whose agent may be running: nothing is mended, set aside or taken over.
 * @returns undefined where there is none
 * @throws AppError as `loadBundle`, MESSAGE_INVALID; the file system's error
 */
export async function peekChampion(dataDir: string): Promise<Champion | undefined> {
  const text = await readTextIfThere(join(dataDir, 'slots.json'));
  const slot = text === undefined ? undefined : parseSlots(text).champion;
  if (slot === undefined) return undefined;
  return { slot, bundle: await loadBundle(join(dataDir, 'bundles', slot.digest), slot.digest) };
}
