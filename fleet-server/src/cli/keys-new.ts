import { createKeyFiles, loadPublicTufKey } from '../trust/key-files.ts';
import type { Command } from './command.ts';

export const keysNew: Command = {
  description: `Makes the Ed25519 key pair of a person who signs what boxes trust: NAME.key (keep it secret), and NAME.pub
for \`fleetctl keys init\`, \`keys add\` and \`keys rotate\`.`,
  positionals: [],
  options: { out: { value: 'NAME', description: 'path of both files, without their ending' } },
  run: async ({ values }) => {
    const files = await createKeyFiles(values.requireText('out'));
    const { keyval } = await loadPublicTufKey(files.publicKeyPath);
    const text = `${files.privateKeyPath} and ${files.publicKeyPath} hold the key ${keyval.public}`;
    return { text, json: { ...files, ...keyval } };
  },
};
