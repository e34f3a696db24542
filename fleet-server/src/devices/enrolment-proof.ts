import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type EnrolRequest, enrolmentChallenge } from '@watchpost/shared/messages/enrolment.ts';
import { serverError } from '../kernel/errors.ts';

/**
 * The key of the box, once its signature shows that the box holds the private half.
 * @throws AppError PROOF_INVALID
 */
export function proveKey(request: EnrolRequest): KeyObject {
  const key = parseKey(request);
  const signature = Buffer.from(request.proof, 'base64url');
  if (!verify(null, Buffer.from(enrolmentChallenge(request)), key, signature)) {
    throw serverError('PROOF_INVALID', `device ${request.deviceId}: the proof is not a signature by its key`);
  }
  return key;
}

function parseKey({ publicKey, deviceId }: EnrolRequest): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(publicKey);
  } catch (cause) {
    throw serverError('PROOF_INVALID', `device ${deviceId}: publicKey is no key in PEM`, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw serverError(
      'PROOF_INVALID',
      `device ${deviceId}: publicKey is ${key.asymmetricKeyType}, not ed25519`,
    );
  }
  return key;
}
