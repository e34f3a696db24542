import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { loadRecord } from '../kernel/record-file.ts';
import { inStore } from '../kernel/store-error.ts';
import type { BundleStore, KeptBundle } from './port.ts';
import { parseKept, saveRecord } from './state-files.ts';

/**
 * Which bundle is kept for an order to come, as a file of its own: an agent of before, which knows of none, is not kept
 * from reading its slots.
 */
export type KeptFile = Pick<BundleStore, 'readKept' | 'saveKept'>;

export function openKeptFile(dataDir: string, log: Logger): KeptFile {
  const path = join(dataDir, 'kept.json');
  return {
    readKept: () => inStore(`reading ${path}`, () => loadRecord(path, parseKept, log)),
    saveKept: (kept: KeptBundle | undefined) =>
      inStore(`writing ${path}`, () =>
        kept === undefined ? rm(path, { force: true }) : saveRecord(path, kept),
      ),
  };
}
