import { readFile } from 'node:fs/promises';
import { parseCpuFeatures } from '@watchpost/shared/bundle/cpu-features.ts';

/** Of this box's processor; undefined where there is no /proc. */
export async function readCpuFeatures(): Promise<ReadonlySet<string> | undefined> {
  return parseCpuFeatures(await readFile('/proc/cpuinfo', 'latin1').catch(() => ''));
}
