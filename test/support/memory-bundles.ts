import type { BundleRecord, BundleStore } from '../../fleet-server/src/store/port.ts';

/** Bundle records in memory. */
export function createMemoryBundles(): BundleStore {
  const records = new Map<string, BundleRecord>();
  return {
    add: async (bundle) => void records.set(bundle.digest, bundle),
    find: async (digest) => records.get(digest),
    findVersion: async (model, version) =>
      [...records.values()].find((it) => it.manifest.model === model && it.manifest.version === version),
    list: async () => [...records.values()],
  };
}
