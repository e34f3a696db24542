import { createPublicKey, type KeyObject } from 'node:crypto';
import { COMMAND_TOKEN_TYPE } from '@watchpost/shared/trust/command-order.ts';
import { CONFIG_TOKEN_TYPE } from '@watchpost/shared/trust/config-order.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { ORDER_TOKEN_TYPE } from '@watchpost/shared/trust/order.ts';
import { CompactSign } from 'jose';
import type { CommandSigner } from '../commands/port.ts';
import type { ConfigSigner, OrderSigner } from './port.ts';

/** @param privateKey the director's, Ed25519 */
export const createJwsOrderSigner = (privateKey: KeyObject): OrderSigner =>
  createSigner(privateKey, ORDER_TOKEN_TYPE);

/** @param privateKey the director's, Ed25519 */
export const createJwsConfigSigner = (privateKey: KeyObject): ConfigSigner =>
  createSigner(privateKey, CONFIG_TOKEN_TYPE);

/** @param privateKey the director's, Ed25519 */
export const createJwsCommandSigner = (privateKey: KeyObject): CommandSigner =>
  createSigner(privateKey, COMMAND_TOKEN_TYPE);

function createSigner(privateKey: KeyObject, typ: string): (payload: object) => Promise<string> {
  const header = { alg: 'EdDSA', typ, kid: computeKeyId(createPublicKey(privateKey)) };
  return (payload) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader(header)
      .sign(privateKey);
}
