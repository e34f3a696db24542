import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { DesiredModel } from '@watchpost/shared/messages/model-document.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { OrderReader } from '../trust/port.ts';
import type { DeploymentJournal } from './deployment-journal.ts';
import { judgeOrder, markOf, type OrderMark } from './order-mark.ts';
import type { BundleStore } from './port.ts';

export interface OrderInboxDeps {
  readonly orders: OrderReader;
  readonly bundles: Pick<BundleStore, 'readOrderMark' | 'saveOrderMark'>;
  readonly journal: DeploymentJournal;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/** Says nothing of the order: this box cannot look now whether it is genuine. */
const PASSING = ['DISK_FULL', 'STORE_FAILED'];
const LOOK_AGAIN: BackoffPolicy = { baseMs: 2_000, maxMs: 60_000 };

/** Lets genuine orders through, none of them older than what this box was ordered before. */
export interface OrderInbox {
  /**
   * Waits for a disk that fails, until the signal is aborted.
   * @returns undefined for an order that is forged or replayed
   */
  open(document: DesiredModel, signal: AbortSignal): Promise<Order | undefined>;
}

export function createOrderInbox({ orders, bundles, journal, wait, log }: OrderInboxDeps): OrderInbox {
  let mark: OrderMark | undefined;
  let isMarkKnown = false;

  const loadMark = async (): Promise<void> => {
    if (isMarkKnown) return;
    mark = await bundles.readOrderMark();
    isMarkKnown = true;
  };

  const isReplay = async (order: Order): Promise<boolean> => {
    const verdict = judgeOrder(mark, order);
    if (verdict.kind === 'replayed') {
      const { deploymentId } = order;
      log.warn({ code: 'ORDER_REPLAYED', deploymentId, why: verdict.why }, 'order refused');
      return true;
    }
    if (verdict.kind === 'again') return false;
    // The mark in memory leads: a full disk may lag behind, and keeps no order from being carried out.
    const newest = markOf(order);
    mark = newest;
    await journal.attempt('save the newest order', () => bundles.saveOrderMark(newest));
    return false;
  };

  const read = async (document: DesiredModel, signal: AbortSignal): Promise<Order | undefined> => {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        // No order is judged before it is known which ones came before.
        await loadMark();
        return await orders.read(document.order);
      } catch (error) {
        if (!(error instanceof AppError && PASSING.includes(error.code))) throw error;
        if (attempt === 0)
          log.warn({ code: error.code, error: describeError(error) }, 'order cannot be read yet');
        await wait(computeBackoffMs(LOOK_AGAIN, attempt, 1), signal);
      }
    }
    return undefined;
  };

  return {
    open: async (document, signal) => {
      try {
        const order = await read(document, signal);
        return order === undefined || (await isReplay(order)) ? undefined : order;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        log.warn({ code: error.code, error: describeError(error) }, 'order refused');
        return undefined;
      }
    },
  };
}
