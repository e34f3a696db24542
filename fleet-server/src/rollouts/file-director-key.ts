import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { serverError } from '../kernel/errors.ts';

export interface DirectorKey {
  readonly privateKey: KeyObject;
  /** SPKI, PEM: what boxes are told at enrolment. */
  readonly publicKeyPem: string;
}

const OWNER_ONLY = 0o600;

/**
 * The director's Ed25519 key from a PKCS #8 PEM file, made when there is none. Boxes trust only the key they were told,
 * so a file that cannot be read is never replaced.
 * @throws AppError FILE_UNREADABLE
 */
export async function loadDirectorKey(path: string): Promise<DirectorKey> {
  const pem = (await readIfThere(path)) ?? (await makeKey(path));
  const privateKey = parseKey(path, pem);
  return {
    privateKey,
    publicKeyPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw serverError('FILE_UNREADABLE', `the director's key ${path} cannot be read`, { cause });
  }
}

async function makeKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFileAtomic(path, pem, OWNER_ONLY);
  return pem;
}

function parseKey(path: string, pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw serverError('FILE_UNREADABLE', `the director's key ${path} is no private key in PEM`, { cause });
  }
  throw serverError('FILE_UNREADABLE', `the director's key ${path} is not an Ed25519 key`);
}
