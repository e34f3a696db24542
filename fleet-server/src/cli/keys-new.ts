import { createKeyFiles } from '../registry/signing.ts';
import { loadPublicTufKey } from '../trust/key-files.ts';
import type { Command } from './command.ts';

export const keysNew: Command = {
  description: 'Makes an Ed25519 key pair for signing bundles: NAME.key (keep it secret) and NAME.pub.',
  positionals: [],
  options: { out: { value: 'NAME', description: 'path of both files, without their ending' } },
  run: async ({ values }) => {
    const files = await createKeyFiles(values.requireText('out'));
    const { keyval } = await loadPublicTufKey(files.publicKeyPath);
    const text = `${files.privateKeyPath} and ${files.publicKeyPath} hold key ${files.keyId}`;
    return { text: `${text}\nin a ceremony it is shown as ${keyval.public}`, json: { ...files, ...keyval } };
  },
};
