import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { Sha256 } from '@watchpost/shared/kernel/ids.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { computeTufKeyId, type OnlineRole } from '@watchpost/shared/trust/tuf-metadata.ts';
import Type, { type Static } from 'typebox';
import { serverError } from '../kernel/errors.ts';
import type { NamedKey, OnlineKeys } from './port.ts';
import { signTuf, toTufKey } from './tuf-signing.ts';

const closed = { additionalProperties: false } as const;
/** PKCS #8 under AES-256-GCM; the key id is authenticated with it. All base64. */
const SealedKey = Type.Object(
  {
    role: Type.Enum(['snapshot', 'timestamp']),
    keyId: Sha256,
    iv: Type.String(),
    tag: Type.String(),
    sealed: Type.String(),
  },
  closed,
);
type SealedKey = Static<typeof SealedKey>;
const KeyFile = Type.Object({ keys: Type.Array(SealedKey) }, closed);
const parseKeyFile = createJsonParser(KeyFile, 'file of the online keys');

const OWNER_ONLY = 0o600;
const MASTER_BYTES = 32;

export interface OnlineKeyFiles {
  /** Holds the sealed keys. */
  readonly path: string;
  /** 32 bytes in hexadecimal that open them, readable by the server only; made when there is none. */
  readonly masterPath: string;
  /** What the file would hold, from the environment: then there is no such file. */
  readonly masterKey?: string | undefined;
}

/** Variable of the environment with the master key, for servers whose secrets are not in files. */
export const MASTER_KEY_VARIABLE = 'WATCHPOST_MASTER_KEY';

/** @throws AppError FILE_UNREADABLE | KEY_INVALID: what cannot be opened is never replaced */
export async function openFileOnlineKeys({
  path,
  masterPath,
  masterKey,
}: OnlineKeyFiles): Promise<OnlineKeys> {
  const master =
    masterKey === undefined ? await loadMaster(masterPath) : parseMaster(masterKey, MASTER_KEY_VARIABLE);
  let stored = await loadStored(path);
  const opened = new Map(stored.map((key) => [key.keyId, open(key, master, path)]));

  const make = async (role: OnlineRole): Promise<NamedKey> => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const named = nameKey(privateKey);
    const keys = [...stored, seal(role, named.keyId, privateKey, master)];
    await writeFileAtomic(path, `${JSON.stringify({ keys })}\n`, OWNER_ONLY);
    stored = keys;
    opened.set(named.keyId, privateKey);
    return named;
  };
  return {
    make,
    newest: async (role) => {
      const last = stored.findLast((key) => key.role === role);
      const key = last && opened.get(last.keyId);
      return key === undefined ? make(role) : nameKey(key);
    },
    has: (keyId) => opened.has(keyId),
    sign: (signed, keyIds) => ({
      signed,
      signatures: keyIds.flatMap((id) => {
        const key = opened.get(id);
        return key === undefined ? [] : [signTuf(signed, key)];
      }),
    }),
  };
}

function nameKey(privateKey: KeyObject): NamedKey {
  const key = toTufKey(privateKey);
  return { keyId: computeTufKeyId(key), key };
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw serverError('FILE_UNREADABLE', `${path} cannot be read`, { cause });
  });
}

async function loadMaster(path: string): Promise<Buffer> {
  const text = await readIfThere(path);
  if (text === undefined) {
    const master = randomBytes(MASTER_BYTES);
    await writeFileAtomic(path, `${master.toString('hex')}\n`, OWNER_ONLY);
    return master;
  }
  if (((await stat(path)).mode & 0o077) !== 0) {
    throw serverError('KEY_INVALID', `${path} can be read by others: chmod 600`);
  }
  return parseMaster(text, path);
}

/** Says where the text came from, never the text. */
function parseMaster(text: string, source: string): Buffer {
  const hex = text.trim();
  if (hex.length === 2 * MASTER_BYTES && /^[0-9a-f]+$/i.test(hex)) return Buffer.from(hex, 'hex');
  throw serverError('KEY_INVALID', `${source} does not hold ${MASTER_BYTES} bytes in hexadecimal`);
}

async function loadStored(path: string): Promise<readonly SealedKey[]> {
  const text = await readIfThere(path);
  return text === undefined ? [] : parseKeyFile(text).keys;
}

function seal(role: OnlineRole, keyId: string, key: KeyObject, master: Buffer): SealedKey {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(Buffer.from(keyId));
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const sealed = Buffer.concat([cipher.update(der), cipher.final()]).toString('base64');
  return { role, keyId, iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), sealed };
}

function open({ keyId, iv, tag, sealed }: SealedKey, master: Buffer, path: string): KeyObject {
  try {
    const decipher = createDecipheriv('aes-256-gcm', master, Buffer.from(iv, 'base64'))
      .setAAD(Buffer.from(keyId))
      .setAuthTag(Buffer.from(tag, 'base64'));
    const der = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()]);
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw serverError('KEY_INVALID', `${path}: key ${keyId} does not open with this master key`, { cause });
  }
}
