import type { KeyObject } from 'node:crypto';
import { type StagedView, StagingReply, TrustView } from '@watchpost/shared/api/trust.ts';
import { describeTufChange } from '@watchpost/shared/trust/tuf-change.ts';
import type { OfflineRole } from '@watchpost/shared/trust/tuf-metadata.ts';
import { findTufProblems } from '@watchpost/shared/trust/tuf-policy.ts';
import { serverError } from '../kernel/errors.ts';
import { draftNext } from '../trust/drafts.ts';
import { loadSigningKey } from '../trust/key-files.ts';
import { hasSigned, signTuf } from '../trust/tuf-signing.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, OptionValues } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { describeStaging } from './staging-text.ts';
import { fetchBase } from './trust-documents.ts';

/** The key stays on this machine: what goes to the server is a signature. */
export function createSignCommand(role: OfflineRole): Command {
  return {
    description: `Signs what is staged for ${role}. What it changes is worked out here, from the documents themselves, and
shown before it is signed; --show signs nothing. It is measured against the last version this key signed, and shown
whole when the key signed none.`,
    positionals: [],
    options: {
      ...SERVER_OPTIONS,
      key: {
        value: 'FILE',
        description: 'private Ed25519 key, PEM; may be given several times',
        multiple: true,
      },
      renew: { description: 'stage the published document with a new expiry, when nothing is staged' },
      show: { description: 'only show what would be signed' },
    },
    run: async (input) => {
      const { values } = input;
      const keys = await Promise.all(values.texts('key').map(loadSigningKey));
      if (keys.length === 0 && !values.isSet('show')) throw serverError('USAGE', '--key is missing');
      return withServer(input, async (api) => {
        const staged = await findStaged(api, role, values);
        const { signed } = staged.metadata;
        const problems = findTufProblems(role, signed);
        if (problems.length > 0) throw serverError('TRUST_REFUSED', `${role}: ${problems.join('; ')}`);
        const known = findKnown(staged, keys);
        const changes = describeTufChange(known?.signed, signed);
        const what = [`${role} ${signed.version}`, ...changes.map((change) => `  ${change}`)].join('\n');
        if (values.isSet('show')) return { text: what, json: { role, changes } };
        let reply: StagingReply = { published: [], staged: [] };
        for (const key of keys) {
          const upload = { role, version: signed.version, signature: signTuf(signed, key) };
          // What enough people signed is published, and takes no more signatures.
          if (!reply.published.includes(role)) {
            reply = await api.post('trust/signatures', upload, StagingReply);
          }
        }
        return { text: `${what}\n${describeStaging(reply)}`, json: { role, changes, ...reply } };
      });
    },
  };
}

/**
 * What the change is measured against: only what one of these keys has signed, because a server that lies could pass
 * off an evil target as one that was there before. Without a key, what the server says.
 */
function findKnown({ published }: StagedView, keys: readonly KeyObject[]): StagedView['published'] {
  if (published === undefined || keys.length === 0) return published;
  return keys.some((key) => hasSigned(key, published)) ? published : undefined;
}

async function findStaged(api: ApiClient, role: OfflineRole, values: OptionValues): Promise<StagedView> {
  const view = await api.get('trust', TrustView);
  const waiting = view.staged.find((each) => each.role === role);
  if (waiting !== undefined) return waiting;
  if (!values.isSet('renew'))
    throw serverError('USAGE', `nothing is staged for ${role}; --renew signs it anew`);
  const base = await fetchBase(api, view, role);
  const metadata = { signed: draftNext(role, base, Date.now()), signatures: [] };
  const { staged } = await api.post('trust/staged', { documents: [{ role, metadata }] }, StagingReply);
  const made = staged.find((each) => each.role === role);
  if (made === undefined) throw serverError('TRUST_REFUSED', `${role} was not staged`);
  return made;
}
