import { createPublicKey, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { sha256Hex } from '../kernel/digest.ts';
import type { TargetSigned, TargetsSigned } from './tuf-metadata.ts';

/**
 * The target that says whose orders boxes take. The `targets` role itself names it, so nobody it delegates to can; the
 * keys stand in its `custom`, and length and digest are those of their canonical JSON: there is nothing to fetch.
 */
export const DIRECTOR_TARGET = 'director/keys';

/** @param keys SPKI in PEM, Ed25519, the newest first */
export function makeDirectorTarget(keys: readonly string[]): TargetSigned {
  const text = canonicalJson(keys);
  return {
    length: Buffer.byteLength(text),
    hashes: { sha256: sha256Hex(text) },
    custom: { keys: [...keys] },
  };
}

/** @returns the keys `targets` lists; undefined when it has no such target */
export function listDirectorKeys({ targets }: Pick<TargetsSigned, 'targets'>): readonly string[] | undefined {
  return Object.hasOwn(targets, DIRECTOR_TARGET) ? (targets[DIRECTOR_TARGET]?.custom?.keys ?? []) : undefined;
}

/** What is wrong with the target, where there is one. */
export function findDirectorProblems(signed: Pick<TargetsSigned, 'targets'>): readonly string[] {
  const keys = listDirectorKeys(signed);
  if (keys === undefined) return [];
  const wanted = makeDirectorTarget(keys);
  const { length, hashes } = signed.targets[DIRECTOR_TARGET] ?? wanted;
  const isOwn = length === wanted.length && hashes.sha256 === wanted.hashes.sha256;
  return [
    ...(keys.length === 0 ? [`${DIRECTOR_TARGET} lists no key`] : []),
    ...(isOwn ? [] : [`${DIRECTOR_TARGET} has not the length and digest of its keys`]),
    ...(new Set(keys).size === keys.length ? [] : [`${DIRECTOR_TARGET} lists a key twice`]),
    ...keys.flatMap((key, index) =>
      isPlain(key) ? [] : [`key ${index + 1} of ${DIRECTOR_TARGET} is no Ed25519 key in PEM`],
    ),
  ];
}

/** @throws TypeError for a key that `findDirectorProblems` would name */
export function readDirectorKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`the key is ${key.asymmetricKeyType}`);
  return key;
}

/** One spelling only; a private key would be read as its public half. */
function isPlain(pem: string): boolean {
  try {
    return readDirectorKey(pem).export({ type: 'spki', format: 'pem' }) === pem;
  } catch {
    // Whatever is wrong with it, it is no key.
    return false;
  }
}

/** The `kid` of orders signed with the key: SHA-256 of its SPKI DER, hex. */
export function nameDirectorKey(pem: string): string {
  return sha256Hex(Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64'));
}
