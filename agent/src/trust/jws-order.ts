import type { KeyObject } from 'node:crypto';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { COMMAND_TOKEN_TYPE, CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import { CONFIG_TOKEN_TYPE, ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { ORDER_TOKEN_TYPE, Order } from '@watchpost/shared/trust/order.ts';
import { compactVerify, decodeProtectedHeader, errors } from 'jose';
import type { DirectorKeys, OrderReader } from './port.ts';

export interface JwsReaderOptions {
  readonly deviceId: string;
  readonly directorKeys: DirectorKeys;
}

/** What the director signs: each kind is a type of token of its own, so that none is taken for another. */
interface TokenKind<Payload> {
  readonly type: string;
  /** What people call it. */
  readonly what: string;
  readonly parse: (payload: Uint8Array) => Payload;
}

const ORDER: TokenKind<Order> = {
  type: ORDER_TOKEN_TYPE,
  what: 'order',
  parse: createJsonParser(Order, 'order'),
};
const CONFIG: TokenKind<ConfigOrder> = {
  type: CONFIG_TOKEN_TYPE,
  what: 'document of settings',
  parse: createJsonParser(ConfigOrder, 'document of settings'),
};
const COMMAND: TokenKind<CommandOrder> = {
  type: COMMAND_TOKEN_TYPE,
  what: 'command',
  parse: createJsonParser(CommandOrder, 'command'),
};

/** Orders as compact JWS (RFC 7515), signed with Ed25519 (RFC 8037) by the key of the director that `kid` names. */
export const createJwsOrderReader = (options: JwsReaderOptions): OrderReader => createReader(ORDER, options);

/** Settings, signed as orders are. */
export const createJwsConfigReader = (options: JwsReaderOptions): OrderReader<ConfigOrder> =>
  createReader(CONFIG, options);

/** Commands, signed as orders are. */
export const createJwsCommandReader = (options: JwsReaderOptions): OrderReader<CommandOrder> =>
  createReader(COMMAND, options);

function createReader<Payload extends { readonly deviceId: string }>(
  kind: TokenKind<Payload>,
  { deviceId, directorKeys }: JwsReaderOptions,
): OrderReader<Payload> {
  return {
    read: async (token) => {
      const order = await verify(token, kind, await directorKeys.list(readKeyId(token, kind)));
      if (order.deviceId === deviceId) return order;
      throw sharedError(
        'ORDER_INVALID',
        `the ${kind.what} is for ${order.deviceId}, this box is ${deviceId}`,
      );
    },
  };
}

/** Not to be trusted: what is no token is found out by `verify`. */
function readKeyId(token: string, { type }: TokenKind<unknown>): string | undefined {
  try {
    const { typ, kid } = decodeProtectedHeader(token);
    return typ === type ? kid : undefined;
  } catch {
    return undefined;
  }
}

async function verify<Payload>(
  token: string,
  kind: TokenKind<Payload>,
  keys: readonly KeyObject[],
): Promise<Payload> {
  try {
    const { payload } = await compactVerify(token, findKey(token, kind, keys), { algorithms: ['EdDSA'] });
    return kind.parse(payload);
  } catch (cause) {
    const isForged =
      cause instanceof errors.JWSSignatureVerificationFailed || cause instanceof errors.JWKSNoMatchingKey;
    const problem = isForged ? "not signed by this fleet's director" : `not a signed ${kind.what}`;
    throw sharedError('ORDER_INVALID', `the ${kind.what} is ${problem}`, { cause });
  }
}

/** The header is not to be trusted yet: it only chooses among trusted keys. */
function findKey(token: string, { type }: TokenKind<unknown>, keys: readonly KeyObject[]): KeyObject {
  const { typ, kid } = decodeProtectedHeader(token);
  if (typ !== type) throw new TypeError(`the token is not of type ${type}`);
  const key = keys.find((candidate) => computeKeyId(candidate) === kid);
  if (key === undefined) throw new errors.JWKSNoMatchingKey(`none of ${keys.length} keys has this id`);
  return key;
}
