import type { KeyObject } from 'node:crypto';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { ORDER_TOKEN_TYPE, Order } from '@watchpost/shared/trust/order.ts';
import { compactVerify, decodeProtectedHeader, errors } from 'jose';
import type { DirectorKeys, OrderReader } from './port.ts';

const parseOrder = createJsonParser(Order, 'order');
const FORGED = "not signed by this fleet's director";

/** Orders as compact JWS (RFC 7515), signed with Ed25519 (RFC 8037) by the key of the director that `kid` names. */
export function createJwsOrderReader(options: {
  readonly deviceId: string;
  readonly directorKeys: DirectorKeys;
}): OrderReader {
  return {
    read: async (token) => {
      const order = await verify(token, await options.directorKeys.list(readKeyId(token)));
      if (order.deviceId === options.deviceId) return order;
      throw sharedError(
        'ORDER_INVALID',
        `the order is for ${order.deviceId}, this box is ${options.deviceId}`,
      );
    },
  };
}

/** Not to be trusted: what is no token is found out by `verify`. */
function readKeyId(token: string): string | undefined {
  try {
    const { typ, kid } = decodeProtectedHeader(token);
    return typ === ORDER_TOKEN_TYPE ? kid : undefined;
  } catch {
    return undefined;
  }
}

async function verify(token: string, keys: readonly KeyObject[]): Promise<Order> {
  try {
    const { payload } = await compactVerify(token, findKey(token, keys), { algorithms: ['EdDSA'] });
    return parseOrder(payload);
  } catch (cause) {
    const isForged =
      cause instanceof errors.JWSSignatureVerificationFailed || cause instanceof errors.JWKSNoMatchingKey;
    throw sharedError('ORDER_INVALID', `the order is ${isForged ? FORGED : 'not a signed order'}`, { cause });
  }
}

/** The header is not to be trusted yet: it only chooses among trusted keys. */
function findKey(token: string, keys: readonly KeyObject[]): KeyObject {
  const { typ, kid } = decodeProtectedHeader(token);
  if (typ !== ORDER_TOKEN_TYPE) throw new TypeError(`the token is not of type ${ORDER_TOKEN_TYPE}`);
  const key = keys.find((candidate) => computeKeyId(candidate) === kid);
  if (key === undefined) throw new errors.JWKSNoMatchingKey(`none of ${keys.length} keys has this id`);
  return key;
}
