import { signBundleFolder } from '../registry/signing.ts';
import type { Command } from './command.ts';

export const bundleSign: Command = {
  description: 'Signs the manifest of a bundle, after checking its files.',
  positionals: ['DIR'],
  options: { key: { value: 'FILE', description: 'private Ed25519 key, PEM' } },
  run: async ({ positionals: [folder = ''], values }) => {
    const json = await signBundleFolder(folder, values.requireText('key'));
    return { text: `${folder} (${json.digest}) is signed by ${json.keyId}`, json };
  },
};
