import { createKeyFiles } from '../registry/signing.ts';
import type { Command } from './command.ts';

export const keysNew: Command = {
  description: 'Makes an Ed25519 key pair for signing bundles: NAME.key (keep it secret) and NAME.pub.',
  positionals: [],
  options: { out: { value: 'NAME', description: 'path of both files, without their ending' } },
  run: async ({ values }) => {
    const json = await createKeyFiles(values.requireText('out'));
    return { text: `${json.privateKeyPath} and ${json.publicKeyPath} hold key ${json.keyId}`, json };
  },
};
