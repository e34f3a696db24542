import type { KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OnlineKeyReply, StagingReply } from '@watchpost/shared/api/trust.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import {
  type Envelope,
  OFFLINE_ROLES,
  type OfflineRole,
  type OfflineSigned,
  type OnlineRole,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { draftFirst, type Signers } from '../trust/drafts.ts';
import { createKeyFiles, loadPublicTufKey, loadSigningKey } from '../trust/key-files.ts';
import { signTuf, toTufKey } from '../trust/tuf-signing.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, OptionSpec, OptionValues } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { describeStaging } from './staging-text.ts';

const DEFAULTS: Readonly<Record<OfflineRole, { readonly keys: number; readonly threshold: number }>> = {
  root: { keys: 3, threshold: 2 },
  targets: { keys: 3, threshold: 2 },
  models: { keys: 1, threshold: 1 },
  agent: { keys: 1, threshold: 1 },
};

export const keysInit: Command = {
  description: `Begins the trust of a fleet: makes keys, and the first documents of root, targets, models and agent,
signed with the keys it made. Keys other people made take part with --ROLE-pub; they sign with \`fleetctl sign\`.
DIR/1.root.json is what boxes are given as trust.rootFile once enough people signed it.`,
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    out: { value: 'DIR', description: 'folder for the keys and 1.root.json' },
    ...Object.fromEntries(OFFLINE_ROLES.flatMap(optionsOf)),
  },
  run: async (input) => {
    const { values } = input;
    const folder = values.requireText('out');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const made = {
      root: await makeSigners('root', folder, values),
      targets: await makeSigners('targets', folder, values),
      models: await makeSigners('models', folder, values),
      agent: await makeSigners('agent', folder, values),
    };
    const json = await withServer(input, async (api) => {
      const online = {
        snapshot: await onlineSigners(api, 'snapshot'),
        timestamp: await onlineSigners(api, 'timestamp'),
      };
      const first = draftFirst({ ...made, ...online }, Date.now());
      const documents = OFFLINE_ROLES.map((role) => ({
        role,
        metadata: signAll(first[role], made[role].own),
      }));
      const reply = await api.post('trust/staged', { documents }, StagingReply);
      const root = documents.find(({ role }) => role === 'root')?.metadata;
      await writeFileAtomic(join(folder, '1.root.json'), canonicalJson(root));
      return reply;
    });
    return { text: `${folder} holds the keys and 1.root.json\n${describeStaging(json)}`, json };
  },
};

function optionsOf(role: OfflineRole): readonly (readonly [string, OptionSpec])[] {
  const { keys, threshold } = DEFAULTS[role];
  return [
    [
      `${role}-keys`,
      { value: 'N', description: `keys to make for ${role}; default ${keys}, or 0 with --${role}-pub` },
    ],
    [
      `${role}-threshold`,
      { value: 'N', description: `how many of them must sign ${role}; default ${threshold}` },
    ],
    [
      `${role}-pub`,
      {
        value: 'FILE',
        description: `public key of a signer of ${role}; may be given several times`,
        multiple: true,
      },
    ],
  ];
}

async function makeSigners(
  role: OfflineRole,
  folder: string,
  values: OptionValues,
): Promise<Signers & { readonly own: readonly KeyObject[] }> {
  const { keys, threshold } = DEFAULTS[role];
  const given = await Promise.all(values.texts(`${role}-pub`).map(loadPublicTufKey));
  const count = values.integer(`${role}-keys`, given.length > 0 ? 0 : keys);
  const own: KeyObject[] = [];
  for (let index = 1; index <= count; index += 1) {
    const { privateKeyPath } = await createKeyFiles(join(folder, `${role}-${index}`));
    own.push(await loadSigningKey(privateKeyPath));
  }
  return {
    keys: [...own.map(toTufKey), ...given],
    threshold: values.integer(`${role}-threshold`, threshold),
    own,
  };
}

async function onlineSigners(api: ApiClient, role: OnlineRole): Promise<Signers> {
  const { key } = await api.post('trust/online-keys', { role, fresh: false }, OnlineKeyReply);
  return { keys: [key], threshold: 1 };
}

function signAll(signed: OfflineSigned, keys: readonly KeyObject[]): Envelope<OfflineSigned> {
  return { signed, signatures: keys.map((key) => signTuf(signed, key)) };
}
