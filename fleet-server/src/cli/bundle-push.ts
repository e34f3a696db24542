import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { BundleView } from '@watchpost/shared/api/registry.ts';
import type { BundleFile } from '@watchpost/shared/bundle/manifest.ts';
import { checkBundleFiles, loadManifest } from '../registry/bundle-folder.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, Progress } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const bundlePush: Command = {
  description: 'Sends a bundle to the registry; files that are there already are not sent again.',
  positionals: ['DIR'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [folder = ''] = input.positionals;
    const manifest = await loadManifest(folder);
    await checkBundleFiles(folder, manifest);
    const json = await withServer(input, async (api) => {
      for (const file of manifest.files) await pushFile(api, folder, file, input.progress);
      return api.post('bundles', { manifest }, BundleView);
    });
    return { text: `${json.model}@${json.version} is ${json.state}: ${json.digest}`, json };
  },
};

async function pushFile(
  api: ApiClient,
  folder: string,
  { path, sha256, sizeBytes }: BundleFile,
  progress: Progress,
): Promise<void> {
  const address = `artifacts/${sha256}`;
  if (await api.has(address)) return progress(`${path}: there already`, 'done');
  let sentBytes = 0;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(join(folder, path))) {
      yield chunk;
      sentBytes += chunk.length;
      progress(`${path}: ${megabytes(sentBytes)} of ${megabytes(sizeBytes)} MB`, 'moving');
    }
  }
  await api.put(address, read());
  progress(`${path}: sent, ${megabytes(sizeBytes)} MB`, 'done');
}
