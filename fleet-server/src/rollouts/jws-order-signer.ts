import { createPublicKey, type KeyObject } from 'node:crypto';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { ORDER_TOKEN_TYPE } from '@watchpost/shared/trust/order.ts';
import { CompactSign } from 'jose';
import type { OrderSigner } from './port.ts';

/** @param privateKey the director's, Ed25519 */
export function createJwsOrderSigner(privateKey: KeyObject): OrderSigner {
  const header = {
    alg: 'EdDSA',
    typ: ORDER_TOKEN_TYPE,
    kid: computeKeyId(createPublicKey(privateKey)),
  };
  return (order) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(order)))
      .setProtectedHeader(header)
      .sign(privateKey);
}
