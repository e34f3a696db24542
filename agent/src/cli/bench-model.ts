import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BundleFiles } from '../inference/model-spec.ts';
import { agentError } from '../kernel/errors.ts';
import { loadBundle, loadManifest } from '../update/bundle-folder.ts';
import { parseSlots } from '../update/state-files.ts';
import type { BenchRequest } from './bench-arguments.ts';
import { readSettings } from './doctor-box.ts';

/**
 * The bundle that was named, else the one this box runs.
 * @throws AppError INPUT_MISSING where there is neither, CONFIG_*, MANIFEST_*, BUNDLE_*
 */
export async function findBenchModel({ model, config }: BenchRequest): Promise<BundleFiles> {
  if (model !== undefined) {
    const folder = resolve(model);
    return { folder, manifest: await loadManifest(folder) };
  }
  const { dataDir } = (await readSettings({ ...(config && { file: config }), env: process.env, flags: [] }))
    .config;
  const slots = await readFile(join(dataDir, 'slots.json'), 'utf8').catch(() => undefined);
  const champion = slots === undefined ? undefined : parseSlots(slots).champion;
  if (champion === undefined)
    throw agentError('INPUT_MISSING', `this box runs no model (in ${dataDir}): name a bundle with --model`);
  return loadBundle(join(dataDir, 'bundles', champion.digest), champion.digest);
}
