import type { KeyObject } from 'node:crypto';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { ORDER_TOKEN_TYPE, Order } from '@watchpost/shared/trust/order.ts';
import { compactVerify, errors } from 'jose';
import type { OrderReader } from './port.ts';

const parseOrder = createJsonParser(Order, 'order');

/** Orders as compact JWS (RFC 7515), signed by the director with Ed25519 (RFC 8037). */
export function createJwsOrderReader(options: {
  readonly deviceId: string;
  readonly directorKey: KeyObject;
}): OrderReader {
  return {
    read: async (token) => {
      const order = await verify(token, options.directorKey);
      if (order.deviceId === options.deviceId) return order;
      throw sharedError(
        'ORDER_INVALID',
        `the order is for ${order.deviceId}, this box is ${options.deviceId}`,
      );
    },
  };
}

async function verify(token: string, directorKey: KeyObject): Promise<Order> {
  try {
    const { payload, protectedHeader } = await compactVerify(token, directorKey, { algorithms: ['EdDSA'] });
    if (protectedHeader.typ === ORDER_TOKEN_TYPE) return parseOrder(payload);
  } catch (cause) {
    const isForged = cause instanceof errors.JWSSignatureVerificationFailed;
    const why = isForged ? "not signed by this fleet's director" : 'not a signed order';
    throw sharedError('ORDER_INVALID', `the order is ${why}`, { cause });
  }
  throw sharedError('ORDER_INVALID', `the token is not of type ${ORDER_TOKEN_TYPE}`);
}
