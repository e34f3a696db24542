import { createPublicKey, verify } from 'node:crypto';
import { serverError } from '../kernel/errors.ts';

/** A text, and the signature (DER, base64url) that should be by the key. */
export interface Proof {
  readonly deviceId: string;
  readonly challenge: string;
  readonly signature: string;
}

/**
 * Whoever asks holds the private half of `publicKeyPem` (P-256).
 * @throws AppError PROOF_INVALID
 */
export function requireProof({ deviceId, challenge, signature }: Proof, publicKeyPem: string): void {
  const key = createPublicKey(publicKeyPem);
  if (!verify('sha256', Buffer.from(challenge), key, Buffer.from(signature, 'base64url')))
    throw serverError('PROOF_INVALID', `device ${deviceId}: the proof is not a signature by its key`);
}
