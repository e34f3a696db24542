import { resolve } from 'node:path';
import type { BundleFiles } from '../inference/model-spec.ts';
import { agentError } from '../kernel/errors.ts';
import { inStore } from '../kernel/store-error.ts';
import { loadManifest } from '../update/bundle-folder.ts';
import { peekChampion } from '../update/peek-champion.ts';
import type { BenchRequest } from './bench-arguments.ts';
import { readSettings } from './doctor-box.ts';

/**
 * The bundle that was named, else the one this box runs.
 * @throws AppError INPUT_MISSING where there is neither, CONFIG_*, MANIFEST_*, BUNDLE_*, STORE_FAILED
 */
export async function findBenchModel({ model, config }: BenchRequest): Promise<BundleFiles> {
  if (model !== undefined) {
    const folder = resolve(model);
    return { folder, manifest: await loadManifest(folder) };
  }
  const settings = await readSettings({ ...(config && { file: config }), env: process.env, flags: [] });
  const { dataDir } = settings.config;
  const champion = await inStore('reading the model of this box', () => peekChampion(dataDir));
  if (champion === undefined)
    throw agentError('INPUT_MISSING', `this box runs no model (in ${dataDir}): name a bundle with --model`);
  return champion.bundle;
}
