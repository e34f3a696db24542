import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { TufKey } from '@watchpost/shared/trust/tuf-metadata.ts';
import { serverError } from '../kernel/errors.ts';
import { toTufKey } from './tuf-signing.ts';

/** A private Ed25519 key in PEM. @throws AppError FILE_UNREADABLE | KEY_INVALID */
export function loadSigningKey(path: string): Promise<KeyObject> {
  return loadKey(path, createPrivateKey);
}

/** A public Ed25519 key in PEM. @throws AppError FILE_UNREADABLE | KEY_INVALID */
export async function loadPublicTufKey(path: string): Promise<TufKey> {
  return toTufKey(await loadKey(path, createPublicKey));
}

async function loadKey(path: string, parse: (pem: Buffer) => KeyObject): Promise<KeyObject> {
  const pem = await readFile(path).catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `key ${path} cannot be read`, { cause });
  });
  try {
    const key = parse(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw serverError('KEY_INVALID', `${path} is not the PEM key wanted here`, { cause });
  }
  throw serverError('KEY_INVALID', `${path} is not an Ed25519 key`);
}
