import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { readDirectorKey } from '@watchpost/shared/trust/director-target.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { BundleTrust, DirectorKeys, OrderReader } from './port.ts';
import type { TufTrust } from './tuf-trust.ts';

export interface TufDirectorKeysDeps {
  readonly trust: Pick<TufTrust, 'refresh' | 'listDirectorKeys'>;
  /** What the fleet server tells at enrolment and renewal: counts only until the signed list was seen once. */
  readonly told: DirectorKeys;
  readonly log: Logger;
}

/** An order waits for as long as the metadata may tell of its key. */
const LOOK_MS = 20_000;

/**
 * Whose orders count, by the list people signed into `targets`. For a key that is not on it the metadata are looked at
 * once more; when they cannot be had, the last list that was verified holds.
 */
export function createTufDirectorKeys({ trust, told, log }: TufDirectorKeysDeps): DirectorKeys {
  const current = async () => trust.listDirectorKeys()?.map(readDirectorKey) ?? (await told.list());
  return {
    list: async (keyId) => {
      const keys = await current();
      if (keyId === undefined || keys.some((key) => computeKeyId(key) === keyId)) return keys;
      const limit = AbortSignal.timeout(LOOK_MS);
      try {
        await trust.refresh(limit);
      } catch (error) {
        if (!(error instanceof AppError) && !limit.aborted) throw error;
        log.warn({ keyId, error: describeError(error) }, 'keys of the director not looked up');
      }
      return current();
    },
  };
}

/**
 * Orders and trust that agree on the director: nothing is installed for an order whose key was not on the list when the
 * bundle was checked, whatever the box knew when the order came.
 */
export function bindOrders(
  orders: OrderReader,
  trust: BundleTrust,
): { readonly orders: OrderReader; readonly trust: BundleTrust } {
  // The updater hands on the very object that was read.
  const tokens = new WeakMap<Order, string>();
  return {
    orders: {
      read: async (token) => {
        const order = await orders.read(token);
        tokens.set(order, token);
        return order;
      },
    },
    trust: {
      verify: async (order, signal) => {
        await trust.verify(order, signal);
        const token = tokens.get(order);
        if (token === undefined) throw new Error(`order ${order.deploymentId} was never read`);
        await orders.read(token);
      },
    },
  };
}
