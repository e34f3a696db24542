import assert from 'node:assert/strict';
import { mkdir, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { DeploymentJournal } from '../../agent/src/update/deployment-journal.ts';
import { createOrderInbox } from '../../agent/src/update/order-inbox.ts';
import type { OrderMark } from '../../agent/src/update/order-mark.ts';
import type { Order } from '../../shared/src/trust/order.ts';
import { composeOrder } from '../support/test-order.ts';
import { openTrialBench, V1, V2, V3 } from '../support/trial-bench.ts';

const ORDER = { deploymentId: 'd-1', counter: 1, nonce: 'n' } as Order;
const DOCUMENT = { order: 'a.b.c' } as never;

/** An inbox whose disk fails as often as told, and that took the order `taken` before. */
function makeInbox(failures: number, taken?: OrderMark, log: Logger = silentLogger) {
  const waits: number[] = [];
  let markFailures = failures;
  const readOrderMark = async (): Promise<OrderMark | undefined> => {
    markFailures -= 1;
    if (taken !== undefined && markFailures >= 0) throw agentError('STORE_FAILED', 'failed while reading');
    return taken;
  };
  const bundles = { readOrderMark, saveOrderMark: async () => undefined };
  const journal = new DeploymentJournal({
    bundles: {} as never,
    report: () => undefined,
    clock: { wallMs: () => 0 },
    log,
  });
  let left = failures;
  const read = async (): Promise<Order> => {
    left -= 1;
    if (taken === undefined && left >= 0)
      throw agentError('STORE_FAILED', 'failed while reading the trust marks');
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

test('while it cannot be read which orders came before, no order is taken; then the old ones are refused', async () => {
  for (const counter of [1, 2]) {
    const { inbox, waits } = makeInbox(3, { counter, deploymentId: 'd-0', nonce: 'other' });
    assert.equal(await inbox.open(DOCUMENT, new AbortController().signal), undefined);
    assert.equal(waits.length, 3);
  }
  const { inbox, waits } = makeInbox(3, { counter: 0, deploymentId: 'd-0', nonce: 'other' });
  assert.equal(await inbox.open(DOCUMENT, new AbortController().signal), ORDER);
  assert.equal(await inbox.open(DOCUMENT, new AbortController().signal), ORDER, 'told again');
  assert.equal(waits.length, 3);
});

test('a box whose newest order cannot be read classifies, and takes no order before it can', async () => {
  const bench = await openTrialBench();
  const [first, third] = [composeOrder(V1, { deploymentId: 'first' }), composeOrder(V3, { counter: 1e6 })];
  const path = join(bench.dataDir, 'order.json');
  await bench.deploy(V1, 'success', first);
  await bench.deploy(V2, 'success');
  const tell = async (): Promise<void> => {
    await bench.order(V1, { ...first, deploymentId: 'replayed' });
    await bench.order(V3, third);
  };
  await bench.box.stop();
  await rename(path, `${path}.away`);
  await mkdir(path);
  await bench.box.restart();
  assert.equal(bench.box.running(), V2.digest);
  await tell();
  await bench.box.stop();
  assert.deepEqual(bench.box.statesOf(third.deploymentId), []);
  await rmdir(path);
  await rename(`${path}.away`, path);
  await bench.box.restart();
  await tell();
  await bench.box.reached(third.deploymentId, 'success');
  assert.deepEqual(bench.box.statesOf('replayed'), []);
  await bench.close();
});
