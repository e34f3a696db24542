import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { Key, Metadata, MetadataKind, Signature } from '@tufjs/models';
import {
  computeTufKeyId,
  type Envelope,
  type OfflineRole,
  type OfflineSigned,
  type TufKey,
  type TufSignature,
  type TufSigned,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { findSigners } from '@watchpost/shared/trust/tuf-policy.ts';

/** An Ed25519 key, or the public half of one, as TUF metadata spell it. */
export function toTufKey(key: KeyObject): TufKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: Buffer.from(x, 'base64url').toString('hex') },
  };
}

/** Signs the canonical form of a document. */
export function signTuf(signed: TufSigned, privateKey: KeyObject): TufSignature {
  const keyid = computeTufKeyId(toTufKey(privateKey));
  const document = toMetadata({ signed, signatures: [] });
  document.sign(
    (bytes) => new Signature({ keyID: keyid, sig: sign(null, bytes, privateKey).toString('hex') }),
  );
  return { keyid, sig: document.signatures[keyid]?.sig ?? '' };
}

/** @returns the ids of the keys that `delegator` gives to `role` and whose signature of the document is good */
export function findGoodSigners(
  role: OfflineRole,
  delegator: Envelope<OfflineSigned>,
  document: Envelope,
): readonly string[] {
  const metadata = toMetadata(document);
  const keys = findSigners(role, delegator)?.keys ?? [];
  return keys.filter(([id, key]) => isSignedBy(id, key, metadata)).map(([id]) => id);
}

/** Whether the holder of a private key has signed the document before. */
export function hasSigned(key: KeyObject, document: Envelope): boolean {
  const publicKey = toTufKey(key);
  return isSignedBy(computeTufKeyId(publicKey), publicKey, toMetadata(document));
}

function isSignedBy(id: string, key: TufKey, metadata: Metadata<never>): boolean {
  try {
    Key.fromJSON(id, structuredClone(key)).verifySignature(metadata);
    return true;
  } catch {
    // Whatever is wrong with a signature, it does not count.
    return false;
  }
}

const KINDS = {
  root: MetadataKind.Root,
  targets: MetadataKind.Targets,
  snapshot: MetadataKind.Snapshot,
  timestamp: MetadataKind.Timestamp,
} as const;

function toMetadata({ signed, signatures }: Envelope): Metadata<never> {
  // The model wants plain, mutable JSON; one signature for each key, the first one.
  const unique = [...new Map(signatures.toReversed().map((each) => [each.keyid, each])).values()];
  const json = structuredClone({ signed, signatures: unique });
  return Metadata.fromJSON(KINDS[signed._type] as MetadataKind.Root, json as never) as Metadata<never>;
}
