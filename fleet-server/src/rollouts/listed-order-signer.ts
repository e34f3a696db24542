import { createPublicKey, type KeyObject } from 'node:crypto';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import type { CommandSigner } from '../commands/port.ts';
import { serverError } from '../kernel/errors.ts';
import { createJwsCommandSigner, createJwsConfigSigner, createJwsOrderSigner } from './jws-order-signer.ts';
import type { ConfigSigner, OrderSigner } from './port.ts';

export interface ListedOrderSignerDeps {
  /** The director's, the newest first. */
  readonly privateKeys: readonly KeyObject[];
  /** Ids of the keys boxes take orders by; undefined while the fleet never published a list. */
  readonly listKeyIds: () => Promise<readonly string[] | undefined>;
}

/**
 * Signs with the newest key that is on the published list, so that a box never meets a key it cannot know.
 * Throws AppError TRUST_REFUSED while none of them is.
 */
export const createListedOrderSigner = (deps: ListedOrderSignerDeps): OrderSigner =>
  createListedSigner(deps, createJwsOrderSigner);

/** The same for settings. */
export const createListedConfigSigner = (deps: ListedOrderSignerDeps): ConfigSigner =>
  createListedSigner(deps, createJwsConfigSigner);

/** The same for commands. */
export const createListedCommandSigner = (deps: ListedOrderSignerDeps): CommandSigner =>
  createListedSigner(deps, createJwsCommandSigner);

type Sign<Payload> = (payload: Payload) => Promise<string>;

function createListedSigner<Payload>(
  { privateKeys, listKeyIds }: ListedOrderSignerDeps,
  createSigner: (key: KeyObject) => Sign<Payload>,
): Sign<Payload> {
  const signers = privateKeys.map((key) => ({
    keyId: computeKeyId(createPublicKey(key)),
    sign: createSigner(key),
  }));
  return async (payload) => {
    const listed = await listKeyIds();
    const signer = signers.find(({ keyId }) => listed === undefined || listed.includes(keyId));
    if (signer !== undefined) return signer.sign(payload);
    throw serverError(
      'TRUST_REFUSED',
      'no key of the director is on the list boxes trust: run `fleetctl director announce`, and have targets signed',
    );
  };
}
