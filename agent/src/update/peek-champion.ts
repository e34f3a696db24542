import { join } from 'node:path';
import { readTextIfThere } from '@watchpost/shared/kernel/files.ts';
import { loadBundle } from './bundle-folder.ts';
import type { InstalledBundle } from './port.ts';
import { parseSlots } from './state-files.ts';

/**
 * The champion of a box whose agent may be running: nothing is mended, set aside or taken over.
 * @returns undefined where there is none
 * @throws AppError as `loadBundle`, MESSAGE_INVALID; the file system's error
 */
export async function peekChampion(dataDir: string): Promise<InstalledBundle | undefined> {
  const text = await readTextIfThere(join(dataDir, 'slots.json'));
  const champion = text === undefined ? undefined : parseSlots(text).champion;
  return champion && loadBundle(join(dataDir, 'bundles', champion.digest), champion.digest);
}
