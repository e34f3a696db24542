import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { canonicalJson } from '../kernel/canonical-json.ts';

/** Ed25519 (RFC 8032) over the canonical JSON of a manifest. */
export const BundleSignature = Type.Object(
  {
    /** SHA-256 of the public key's SPKI DER, hex. */
    keyId: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    algorithm: Type.Literal('ed25519'),
    /** base64 */
    signature: Type.String({ pattern: '^[A-Za-z0-9+/]{86}==$' }),
  },
  { additionalProperties: false },
);
export type BundleSignature = Static<typeof BundleSignature>;

export const BundleSignatures = Type.Object(
  { signatures: Type.Array(BundleSignature, { minItems: 1, maxItems: 16 }) },
  { additionalProperties: false },
);
export type BundleSignatures = Static<typeof BundleSignatures>;

export function computeKeyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export function signManifest(manifest: unknown, privateKey: KeyObject): BundleSignature {
  return {
    keyId: computeKeyId(createPublicKey(privateKey)),
    algorithm: 'ed25519',
    signature: sign(null, Buffer.from(canonicalJson(manifest)), privateKey).toString('base64'),
  };
}

export type SignatureOutcome =
  | { readonly kind: 'trusted'; readonly keyId: string }
  | { readonly kind: 'rejected'; readonly reason: 'foreignKey' | 'badSignature' };

/** Trusted when one signature is good and made by one of `trusted`. */
export function verifyManifest(
  manifest: unknown,
  signatures: readonly BundleSignature[],
  trusted: readonly KeyObject[],
): SignatureOutcome {
  const bytes = Buffer.from(canonicalJson(manifest));
  const keys = new Map(trusted.map((key) => [computeKeyId(key), key]));
  const known = signatures.filter((signature) => keys.has(signature.keyId));
  if (known.length === 0) return { kind: 'rejected', reason: 'foreignKey' };
  for (const { keyId, signature } of known) {
    const key = keys.get(keyId);
    if (key !== undefined && verify(null, bytes, key, Buffer.from(signature, 'base64')))
      return { kind: 'trusted', keyId };
  }
  return { kind: 'rejected', reason: 'badSignature' };
}
