import { createHash, type KeyObject } from 'node:crypto';

/** SHA-256 of the public key's SPKI DER, hex. */
export function computeKeyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
