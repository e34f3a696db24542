import type { Component } from '@watchpost/shared/kernel/component.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { DesiredModel } from '@watchpost/shared/messages/model-document.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { OrderReader } from '../trust/port.ts';
import { type DeploymentMemory, type RunDeps, runOrder } from './deployment-run.ts';
import { judgeOrder, markOf, type OrderMark } from './order-mark.ts';
import type { DeploymentRecord } from './port.ts';

export interface UpdaterDeps extends RunDeps {
  readonly orders: OrderReader;
}

/** Keeps the box at the bundle the fleet wants: one order at a time, the newest wins. */
export interface Updater extends Component {
  /** The order that holds now; it is told again at every connection, and then changes nothing. */
  onDesired(document: DesiredModel): void;
  /** How far the last order came. */
  current(): DeploymentRecord | undefined;
}

export function createUpdater(deps: UpdaterDeps): Updater {
  const memory: DeploymentMemory = { record: undefined };
  const stopping = new AbortController();
  let running: { readonly order: Order; readonly abort: AbortController } | undefined;
  let next: Order | undefined;
  let wake = Promise.withResolvers<void>();
  const loaded = Promise.withResolvers<void>();
  let mark: OrderMark | undefined;
  // No order is judged before it is known which ones came before.
  let reading: Promise<void> = loaded.promise;
  let loop: Promise<void> = Promise.resolve();

  const accept = async (document: DesiredModel): Promise<void> => {
    const order = await readOrder(document, deps);
    // A forged order or an old one stops nothing.
    if (order === undefined || (await isReplay(order))) return;
    // The same order again changes nothing.
    if (order.deploymentId === (next ?? running?.order)?.deploymentId) return;
    next = order;
    running?.abort.abort();
    wake.resolve();
  };

  const isReplay = async (order: Order): Promise<boolean> => {
    const verdict = judgeOrder(mark, order);
    if (verdict.kind === 'replayed') {
      const { deploymentId } = order;
      deps.log.warn({ code: 'ORDER_REPLAYED', deploymentId, why: verdict.why }, 'order refused');
      return true;
    }
    if (verdict.kind === 'again') return false;
    mark = markOf(order);
    await saveMark(mark, deps);
    return false;
  };

  const run = async (order: Order): Promise<void> => {
    const abort = new AbortController();
    running = { order, abort };
    await runOrder(order, memory, deps, AbortSignal.any([abort.signal, stopping.signal]));
    running = undefined;
  };

  const runAll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const order = next;
      next = undefined;
      if (order !== undefined) await run(order);
      else await wake.promise;
      wake = Promise.withResolvers();
    }
  };

  return {
    name: 'updater',
    start: async () => {
      memory.record = await deps.bundles.readDeployment();
      mark = await deps.bundles.readOrderMark();
      loaded.resolve();
      loop = runAll();
    },
    stop: async () => {
      stopping.abort();
      wake.resolve();
      await Promise.all([reading, loop]);
    },
    onDesired: (document) => {
      reading = reading.then(() => accept(document));
    },
    current: () => memory.record,
  };
}

/** The mark in memory leads: a full disk may lag behind, and keeps no order from being carried out. */
async function saveMark(mark: OrderMark, { bundles, log }: UpdaterDeps): Promise<void> {
  try {
    await bundles.saveOrderMark(mark);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn({ code: error.code, error: describeError(error) }, 'newest order not saved');
  }
}

async function readOrder(document: DesiredModel, { orders, log }: UpdaterDeps): Promise<Order | undefined> {
  try {
    return await orders.read(document.order);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn({ code: error.code, error: describeError(error) }, 'order refused');
    return undefined;
  }
}
