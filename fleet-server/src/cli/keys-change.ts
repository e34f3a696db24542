import { OnlineKeyReply, StagingReply, TrustView } from '@watchpost/shared/api/trust.ts';
import {
  isDelegatedRole,
  type OfflineSigned,
  type TufKey,
  type TufRole,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { findSigners } from '@watchpost/shared/trust/tuf-policy.ts';
import { serverError } from '../kernel/errors.ts';
import { draftRootWith, draftTargetsWith, type Signers } from '../trust/drafts.ts';
import { loadPublicTufKey } from '../trust/key-files.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, CommandInput } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { describeStaging } from './staging-text.ts';
import { fetchBase, requireTufRole } from './trust-documents.ts';

const threshold = { value: 'N', description: 'how many keys must sign from then on; default: as before' };

export const keysAdd: Command = {
  description: `Stages a document in which one more key may sign ROLE: the next root for root, targets, snapshot and
timestamp, the next targets for models and agent. It holds when enough people signed it.`,
  positionals: ['ROLE', 'FILE'],
  options: { ...SERVER_OPTIONS, threshold },
  run: async (input) => {
    const [name = '', file = ''] = input.positionals;
    const key = await loadPublicTufKey(file);
    return change(input, requireTufRole(name), async (before) => [...before, key]);
  },
};

export const keysRotate: Command = {
  description: `Stages a document in which new keys take the place of old ones. For snapshot and timestamp the server
makes the new key by itself. A new root is signed by old and by new keys; after new keys of targets, models or agent,
that role is signed by them too (\`fleetctl sign ROLE --renew\`).`,
  positionals: ['ROLE'],
  options: {
    ...SERVER_OPTIONS,
    threshold,
    old: { value: 'FILE', description: 'public key that goes; may be given several times', multiple: true },
    new: { value: 'FILE', description: 'public key that comes; may be given several times', multiple: true },
  },
  run: async (input) => {
    const role = requireTufRole(input.positionals[0] ?? '');
    const old = await Promise.all(input.values.texts('old').map(loadPublicTufKey));
    const fresh = await Promise.all(input.values.texts('new').map(loadPublicTufKey));
    const gone = old.map(({ keyval }) => keyval.public);
    return change(input, role, async (before, api) => {
      if (role === 'snapshot' || role === 'timestamp') {
        return [(await api.post('trust/online-keys', { role, fresh: true }, OnlineKeyReply)).key];
      }
      const missing = gone.find((key) => !before.some(({ keyval }) => keyval.public === key));
      if (missing !== undefined) throw serverError('USAGE', `key ${missing} does not sign ${role}`);
      return [...before.filter(({ keyval }) => !gone.includes(keyval.public)), ...fresh];
    });
  },
};

type ChangeKeys = (before: readonly TufKey[], api: ApiClient) => Promise<readonly TufKey[]>;

async function change(input: CommandInput, role: TufRole, changeKeys: ChangeKeys) {
  const json = await withServer(input, async (api) => {
    const delegatorRole = isDelegatedRole(role) ? 'targets' : 'root';
    const delegator = await fetchBase(api, await api.get('trust', TrustView), delegatorRole);
    const before = findSigners(role, { signed: delegator, signatures: [] });
    const keys = await changeKeys(before?.keys.map(([, key]) => key) ?? [], api);
    const signers = { keys, threshold: input.values.integer('threshold', before?.threshold ?? 1) };
    const signed = draftWith(delegator, role, signers);
    const documents = [{ role: delegatorRole, metadata: { signed, signatures: [] } }];
    return api.post('trust/staged', { documents }, StagingReply);
  });
  return { text: describeStaging(json), json };
}

function draftWith(delegator: OfflineSigned, role: TufRole, signers: Signers): OfflineSigned {
  if (isDelegatedRole(role)) {
    if (delegator._type === 'targets') return draftTargetsWith(delegator, role, signers, Date.now());
  } else if (delegator._type === 'root') return draftRootWith(delegator, role, signers, Date.now());
  throw new TypeError(`${delegator._type} names no keys of ${role}`);
}
