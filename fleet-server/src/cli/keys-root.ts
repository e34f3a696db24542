import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { OfflineEnvelope } from '@watchpost/shared/trust/tuf-metadata.ts';
import { findSigners } from '@watchpost/shared/trust/tuf-policy.ts';
import { serverError } from '../kernel/errors.ts';
import { findGoodSigners } from '../trust/tuf-signing.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const keysRoot: Command = {
  description: `Writes a published root to a file: what a box is given as trust.rootFile. Compare its keys with those you
know before you hand it out; a server that lies can only lie here.`,
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    out: { value: 'FILE', description: 'file to write' },
    version: { value: 'N', description: 'version of the root; default 1' },
  },
  run: async (input) => {
    const out = input.values.requireText('out');
    const version = input.values.integer('version', 1);
    const root = await withServer(input, (api) => api.get(`tuf/${version}.root.json`, OfflineEnvelope));
    const signers = findSigners('root', root);
    const good = findGoodSigners('root', root, root);
    if (signers === undefined || good.length < signers.threshold) {
      throw serverError('TRUST_REFUSED', `root ${version} is signed by ${good.length} of its own keys only`);
    }
    await writeFileAtomic(out, canonicalJson(root));
    const keys = signers.keys.map(([, { keyval }]) => keyval.public);
    return {
      text: `${out} holds root ${version}: ${signers.threshold} of\n${keys.map((key) => `  ${key}`).join('\n')}`,
      json: { out, version, threshold: signers.threshold, keys },
    };
  },
};
