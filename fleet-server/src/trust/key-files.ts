import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { TufKey } from '@watchpost/shared/trust/tuf-metadata.ts';
import { serverError } from '../kernel/errors.ts';
import { toTufKey } from './tuf-signing.ts';

export interface KeyFiles {
  /** PKCS 8, PEM, readable by its owner only. */
  readonly privateKeyPath: string;
  /** SPKI, PEM. */
  readonly publicKeyPath: string;
}

/**
 * Makes an Ed25519 key pair as NAME.key and NAME.pub.
 * @throws AppError STORE_FAILED, also when one of them is there: a key is never written over
 */
export async function createKeyFiles(name: string): Promise<KeyFiles> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const files = [
    [`${name}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600],
    [`${name}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), 0o644],
  ] as const;
  for (const [path, pem, mode] of files) {
    await writeFile(path, pem, { mode, flag: 'wx' }).catch((cause: unknown) => {
      throw serverError('STORE_FAILED', `${path} cannot be made, or is there already`, { cause });
    });
  }
  return { privateKeyPath: `${name}.key`, publicKeyPath: `${name}.pub` };
}

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
