import { verifyBundleFolder } from '../registry/signing.ts';
import type { Command } from './command.ts';

export const bundleVerify: Command = {
  description: 'Checks the files of a bundle and that a key signed it.',
  positionals: ['DIR'],
  options: { key: { value: 'FILE', description: 'public Ed25519 key, PEM' } },
  run: async ({ positionals: [folder = ''], values }) => {
    const json = await verifyBundleFolder(folder, values.requireText('key'));
    return { text: `${folder} (${json.digest}) is whole and signed by ${json.keyId}`, json };
  },
};
