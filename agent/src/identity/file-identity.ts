import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { agentError } from '../kernel/errors.ts';
import { identityFiles, isSecret, parseIdentityFile } from './identity-files.ts';
import type { Identity } from './port.ts';

/**
 * Who this box is, as `enrol` left it on disk.
 * @throws AppError NOT_ENROLLED
 */
export async function loadIdentity(dataDir: string): Promise<Identity> {
  const files = identityFiles(dataDir);
  const [text, secret] = await Promise.all([
    readFile(files.identity, 'utf8'),
    readFile(files.secret, 'utf8'),
  ]).catch((cause: unknown) => {
    throw agentError('NOT_ENROLLED', `this box has no identity in ${files.folder}`, { cause });
  });
  if (!isSecret(secret)) throw agentError('NOT_ENROLLED', `the secret in ${files.secret} is damaged`);
  try {
    const { directorKey, ...identity } = parseIdentityFile(parseJson(text, files.identity));
    return { ...identity, secret, directorKeys: parseDirectorKeys(directorKey) };
  } catch (cause) {
    throw agentError('NOT_ENROLLED', `the identity in ${files.identity} is damaged`, { cause });
  }
}

/** @throws TypeError when `pem` is not one or more Ed25519 public keys */
export function parseDirectorKeys(pem: string): readonly KeyObject[] {
  const keys = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g);
  if (keys === null) throw new TypeError("the director's key is not in PEM");
  return keys.map(parseDirectorKey);
}

function parseDirectorKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new TypeError(`the director's key is ${key.asymmetricKeyType}, not ed25519`);
  }
  return key;
}
