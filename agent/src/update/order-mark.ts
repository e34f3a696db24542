import type { Order } from '@watchpost/shared/trust/order.ts';

/** The newest order this box took, across restarts. */
export interface OrderMark {
  readonly counter: number;
  readonly deploymentId: string;
  readonly nonce: string;
}

export type OrderVerdict =
  | { readonly kind: 'fresh' }
  /** The one that holds already: it is told at every connection. */
  | { readonly kind: 'again' }
  | { readonly kind: 'replayed'; readonly why: string };

/**
 * Whether an order is newer than every order before it. The director's counter of this box only grows, so whoever
 * kept an old order, still in time, cannot bring the box back to it.
 */
export function judgeOrder(mark: OrderMark | undefined, order: Order): OrderVerdict {
  const { counter, deploymentId, nonce } = order;
  if (mark === undefined) return { kind: 'fresh' };
  if (counter < mark.counter) {
    return { kind: 'replayed', why: `its counter is ${counter}, this box is at ${mark.counter}` };
  }
  const isSame = deploymentId === mark.deploymentId && nonce === mark.nonce;
  if (counter === mark.counter) {
    return isSame
      ? { kind: 'again' }
      : { kind: 'replayed', why: `another order had the counter ${counter} before` };
  }
  return nonce === mark.nonce
    ? { kind: 'replayed', why: 'its nonce was used by the order before' }
    : { kind: 'fresh' };
}

export function markOf({ counter, deploymentId, nonce }: Order): OrderMark {
  return { counter, deploymentId, nonce };
}
