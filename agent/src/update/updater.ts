import type { Component } from '@watchpost/shared/kernel/component.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { DesiredModel } from '@watchpost/shared/messages/model-document.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { type DeploymentMemory, type RunDeps, runOrder } from './deployment-run.ts';
import type { DeploymentRecord, OrderReader } from './port.ts';

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
  let reading: Promise<void> = Promise.resolve();
  let loop: Promise<void> = Promise.resolve();

  const accept = async (document: DesiredModel): Promise<void> => {
    const order = await readOrder(document, deps);
    // The same order again changes nothing; a forged one stops nothing.
    if (order === undefined || order.deploymentId === (next ?? running?.order)?.deploymentId) return;
    next = order;
    running?.abort.abort();
    wake.resolve();
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

async function readOrder(document: DesiredModel, { orders, log }: UpdaterDeps): Promise<Order | undefined> {
  try {
    return await orders.read(document.order);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn({ code: error.code, error: describeError(error) }, 'order refused');
    return undefined;
  }
}
