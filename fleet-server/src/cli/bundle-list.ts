import { BundleList } from '@watchpost/shared/api/registry.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { formatTable } from './table.ts';

export const bundleList: Command = {
  description: 'Lists the bundles in the registry.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('bundles', BundleList));
    const rows = json.bundles.map(({ model, version, state, sizeBytes, digest }) => [
      `${model}@${version}`,
      state,
      `${(sizeBytes / 1e6).toFixed(1)} MB`,
      digest,
    ]);
    return { text: formatTable(['BUNDLE', 'STATE', 'SIZE', 'DIGEST'], rows), json };
  },
};
