import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { DeploymentJournal } from '../../agent/src/update/deployment-journal.ts';
import { createOrderInbox } from '../../agent/src/update/order-inbox.ts';
import type { Order } from '../../shared/src/trust/order.ts';

const ORDER = { deploymentId: 'd-1', counter: 1, nonce: 'n' } as Order;
const DOCUMENT = { order: 'a.b.c' } as never;

/** An inbox whose disk fails as often as told. */
function makeInbox(failures: number, log: Logger = silentLogger) {
  const waits: number[] = [];
  const bundles = { readOrderMark: async () => undefined, saveOrderMark: async () => undefined };
  const journal = new DeploymentJournal({
    bundles: {} as never,
    report: () => undefined,
    clock: { wallMs: () => 0 },
    log,
  });
  let left = failures;
  const read = async (): Promise<Order> => {
    left -= 1;
    if (left >= 0) throw agentError('STORE_FAILED', 'failed while reading the trust marks');
    return ORDER;
  };
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  return { inbox: createOrderInbox({ orders: { read }, bundles, journal, wait, log }), waits };
}

test('when the disk fails while an order is read, the order is read again until it can be', async () => {
  const { inbox, waits } = makeInbox(3);
  assert.equal(await inbox.open(DOCUMENT, new AbortController().signal), ORDER);
  assert.deepEqual(waits.length, 3);
  assert.ok(waits.every((ms) => ms > 0 && ms <= 60_000));
});

test('when the agent stops while the disk fails, the order is left', async () => {
  const { inbox } = makeInbox(Number.POSITIVE_INFINITY);
  assert.equal(await inbox.open(DOCUMENT, AbortSignal.abort()), undefined);
});
