import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIGNATURES_FILE } from '@watchpost/shared/bundle/paths.ts';
import { digestOf } from '@watchpost/shared/kernel/digest.ts';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import {
  type BundleSignature,
  computeKeyId,
  signManifest,
  verifyManifest,
} from '@watchpost/shared/trust/signature.ts';
import { serverError } from '../kernel/errors.ts';
import { checkBundleFiles, loadManifest, loadSignatures } from './bundle-folder.ts';

export interface KeyFiles {
  readonly keyId: string;
  /** PKCS 8, PEM, readable by its owner only. */
  readonly privateKeyPath: string;
  /** SPKI, PEM: what boxes trust. */
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
  return { keyId: computeKeyId(publicKey), privateKeyPath: `${name}.key`, publicKeyPath: `${name}.pub` };
}

export interface SignedBundle {
  readonly digest: string;
  readonly keyId: string;
}

/**
 * Adds a signature to a bundle folder, in place of an older one by the same key. The files are checked first: nobody
 * signs what is broken.
 */
export async function signBundleFolder(folder: string, keyPath: string): Promise<SignedBundle> {
  const key = await loadKey(keyPath, createPrivateKey);
  const manifest = await loadManifest(folder);
  await checkBundleFiles(folder, manifest);
  const signature = signManifest(manifest, key);
  const others = (await loadSignatures(folder)).filter(({ keyId }) => keyId !== signature.keyId);
  const signatures: readonly BundleSignature[] = [...others, signature];
  const path = join(folder, SIGNATURES_FILE);
  await writeFileAtomic(path, `${JSON.stringify({ signatures }, undefined, 2)}\n`).catch((cause: unknown) => {
    throw serverError('STORE_FAILED', `writing ${path}`, { cause });
  });
  return { digest: digestOf(manifest), keyId: signature.keyId };
}

/** @throws AppError SIGNATURE_INVALID | BUNDLE_INCOMPLETE | DIGEST_MISMATCH | KEY_INVALID, and as `loadManifest` */
export async function verifyBundleFolder(folder: string, publicKeyPath: string): Promise<SignedBundle> {
  const key = await loadKey(publicKeyPath, createPublicKey);
  const manifest = await loadManifest(folder);
  await checkBundleFiles(folder, manifest);
  const outcome = verifyManifest(manifest, await loadSignatures(folder), [key]);
  if (outcome.kind === 'trusted') return { digest: digestOf(manifest), keyId: outcome.keyId };
  throw sharedError(
    'SIGNATURE_INVALID',
    outcome.reason === 'foreignKey'
      ? `${folder} is not signed by the key in ${publicKeyPath}`
      : `the signature of ${folder} does not fit its manifest`,
  );
}

/** @throws AppError FILE_UNREADABLE | KEY_INVALID */
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
