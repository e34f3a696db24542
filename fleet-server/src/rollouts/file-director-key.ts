import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { serverError } from '../kernel/errors.ts';

/** The director's keys while one follows the other. */
export interface DirectorKeyRing {
  /** The newest: signs, unless the published list lacks it. */
  readonly privateKey: KeyObject;
  /** All of them, the newest first. */
  readonly privateKeys: readonly KeyObject[];
  /** SPKI, PEM, in the same order. */
  readonly publicKeys: readonly string[];
  /** The same as one text: what boxes are told, and whose orders they take while no list is published. */
  readonly publicKeysPem: string;
}

const OWNER_ONLY = 0o600;
const FILE = /^director(?:-([1-9]\d{0,8}))?\.pem$/;

/**
 * The director's Ed25519 keys from the PKCS #8 PEM files `director.pem`, `director-2.pem`, … of a folder; the first is
 * made when there is none. A file that cannot be read is never replaced. An old key is retired by removing its file.
 * @throws AppError FILE_UNREADABLE
 */
export async function loadDirectorKeys(folder: string): Promise<DirectorKeyRing> {
  const numbers = await listNumbers(folder);
  if (numbers.length === 0) {
    await makeKey(folder, 1);
    return loadDirectorKeys(folder);
  }
  const keys = await Promise.all(numbers.map((number) => readKey(join(folder, nameOf(number)))));
  const [privateKey] = keys;
  if (privateKey === undefined) throw new Error('no key although there are files');
  const publicKeys = keys.map((key) =>
    createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
  );
  return { privateKey, privateKeys: keys, publicKeys, publicKeysPem: publicKeys.join('') };
}

/**
 * Makes the key that signs after the next start of the server; those before it are still announced.
 * @returns path of its file
 */
export async function rotateDirectorKey(folder: string): Promise<string> {
  const [newest = 0] = await listNumbers(folder);
  return makeKey(folder, newest + 1);
}

const nameOf = (number: number): string => (number === 1 ? 'director.pem' : `director-${number}.pem`);

/** The newest first. */
async function listNumbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw serverError('FILE_UNREADABLE', `the folder of the director's keys, ${folder}, cannot be read`, {
      cause,
    });
  });
  return names
    .map((name) => FILE.exec(name))
    .filter((match) => match !== null)
    .map(([, number = '1']) => Number(number))
    .sort((one, other) => other - one);
}

async function makeKey(folder: string, number: number): Promise<string> {
  const path = join(folder, nameOf(number));
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await writeFileAtomic(path, pem, OWNER_ONLY);
  return path;
}

async function readKey(path: string): Promise<KeyObject> {
  try {
    const key = createPrivateKey(await readFile(path, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw serverError('FILE_UNREADABLE', `the director's key ${path} is no private key in PEM`, { cause });
  }
  throw serverError('FILE_UNREADABLE', `the director's key ${path} is not an Ed25519 key`);
}
