import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { DesiredModel } from '@watchpost/shared/messages/model-document.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { outlastDisk } from '../kernel/outlast-disk.ts';
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

  const read = async (token: string): Promise<Order> => {
    // No order is judged before it is known which ones came before.
    await loadMark();
    return orders.read(token);
  };

  return {
    open: async (document, signal) => {
      try {
        const order = await outlastDisk('order', () => read(document.order), { wait, log }, signal);
        return order === undefined || (await isReplay(order)) ? undefined : order;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        log.warn({ code: error.code, error: describeError(error) }, 'order refused');
        return undefined;
      }
    },
  };
}
