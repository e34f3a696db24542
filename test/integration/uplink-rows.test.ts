import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClockState } from '@watchpost/shared/messages/durable.ts';
import { parsePayload } from '@watchpost/shared/topics.ts';
import { SEND_POLICY } from '../../agent/src/uplink/send-plan.ts';
import { ReceiptingServer } from '../support/receipting-server.ts';
import { BOX_ROOT, makeEvent, UplinkBench, waitUntilEmpty } from '../support/uplink-bench.ts';

const LIMIT = { timeout: 20_000 };
const bench = new UplinkBench();

describe('durable rows', () => {
  const ids = (server: ReceiptingServer) => [...server.stored.values()].map((body) => body.id).toSorted();
  const expected = (count: number) => Array.from({ length: count }, (_, index) => `e-${index}`).toSorted();

  test('when the broker is killed in the middle, every event is stored exactly once', LIMIT, async () => {
    const first = await bench.runBroker();
    const server = new ReceiptingServer().attach(first);
    const { uplink, outbox } = await bench.startBox(first.url);
    for (let index = 0; index < 100; index += 1)
      uplink.record('cameraEvent', makeEvent(`e-${index}`), 'door');
    await server.waitForRows(30);
    await first.kill();
    for (let index = 100; index < 200; index += 1)
      uplink.record('cameraEvent', makeEvent(`e-${index}`), 'door');
    server.attach(await bench.runBroker({ port: first.port }));
    await server.waitForRows(200);
    await waitUntilEmpty(outbox);
    assert.deepEqual(ids(server), expected(200));
    assert.equal(outbox.report(0).dropped, 0);
  });

  test(
    'when the agent restarts with a backlog, it goes on where it was, in the same epoch',
    LIMIT,
    async () => {
      const broker = await bench.runBroker();
      const offline = await bench.startBox('mqtt://127.0.0.1:1');
      for (let index = 0; index < 60; index += 1)
        offline.uplink.record('cameraEvent', makeEvent(`e-${index}`), 'door');
      await offline.stop();
      const server = new ReceiptingServer().attach(broker);
      const { uplink, outbox } = await bench.startBox(broker.url);
      await server.waitForRows(60);
      uplink.record('cameraEvent', makeEvent('e-60'), 'door');
      await server.waitForRows(61);
      await waitUntilEmpty(outbox);
      assert.deepEqual(
        [...server.stored.keys()],
        expected(61).map((_, index) => `${outbox.epoch}/event/${index + 1}`),
      );
      assert.equal(server.historical, 60);
      assert.equal(server.repeats, 0);
    },
  );

  test(
    'when the server loses rows that the broker had acknowledged, they are sent again',
    LIMIT,
    async () => {
      const broker = await bench.runBroker();
      const lost = new Set<number>();
      const losesOnce = (seq: number) => seq % 5 === 0 && !lost.has(seq) && lost.add(seq).has(seq);
      const server = new ReceiptingServer().loseRows(losesOnce).attach(broker);
      const { uplink, outbox } = await bench.startBox(broker.url, { receiptTimeoutMs: 30 });
      for (let index = 0; index < 30; index += 1)
        uplink.record('cameraEvent', makeEvent(`e-${index}`), 'door');
      await server.waitForRows(30);
      await waitUntilEmpty(outbox);
      assert.deepEqual(ids(server), expected(30));
    },
  );

  test('when the server never receipts one stream, the others still get through', LIMIT, async () => {
    const broker = await bench.runBroker();
    const server = new ReceiptingServer().loseRows((_, stream) => stream === 'event').attach(broker);
    const { uplink, outbox } = await bench.startBox(broker.url);
    for (let index = 0; index < 50; index += 1) uplink.record('cameraEvent', makeEvent(`e-${index}`), 'door');
    outbox.flush();
    let events = 0;
    await broker.waitFor(({ topic }) => topic.endsWith('/event') && ++events === SEND_POLICY.window);
    for (const state of ['downloading', 'downloaded', 'verifying'] as const) {
      uplink.record('deployment', { deploymentId: 'd-1', tsMs: 1, state, bundleDigest: 'a'.repeat(64) });
    }
    await server.waitForRows(3);
    assert.deepEqual(
      [...server.stored.values()].map((body) => body.state),
      ['downloading', 'downloaded', 'verifying'],
    );
    const sentEvents = broker.messages.filter(({ topic }) => topic.endsWith('/event'));
    assert.equal(sentEvents.length, SEND_POLICY.window);
  });

  test(
    'when receipts are ahead of the outbox, its file went back in time: a new epoch begins and nothing is lost',
    LIMIT,
    async () => {
      const broker = await bench.runBroker();
      const { uplink, outbox } = await bench.startBox(broker.url);
      const old = outbox.epoch;
      await broker.waitFor(({ topic }) => topic === `${BOX_ROOT}/birth`);
      uplink.record('cameraEvent', makeEvent('e-0'), 'door');
      await broker.waitFor(({ topic }) => topic.endsWith('/event'));
      const server = new ReceiptingServer().attach(broker);
      broker.publish(`${BOX_ROOT}/receipt`, JSON.stringify({ epoch: old, upTo: { event: 99 } }));
      await server.waitForRows(1);
      await waitUntilEmpty(outbox);
      assert.notEqual(outbox.epoch, old);
      assert.deepEqual([...server.stored.keys()], [`${outbox.epoch}/event/1`]);
    },
  );

  test(
    'each row tells what was known of the clock when it was made, not when it is sent',
    LIMIT,
    async () => {
      let clockState: ClockState = 'behind';
      const offline = await bench.startBox('mqtt://127.0.0.1:1', {}, () => clockState);
      offline.uplink.record('cameraEvent', makeEvent('e-0'), 'door');
      clockState = 'plausible';
      const change = { deploymentId: 'd-1', tsMs: 1, state: 'queued', bundleDigest: 'a'.repeat(64) } as const;
      offline.uplink.record('deployment', change);
      await offline.stop();
      clockState = 'synced';
      const broker = await bench.runBroker();
      const server = new ReceiptingServer().attach(broker);
      const { uplink } = await bench.startBox(broker.url, {}, () => clockState);
      uplink.record('cameraEvent', makeEvent('e-1'), 'door');
      await server.waitForRows(3);
      assert.deepEqual(
        Object.fromEntries(
          [...server.stored.values()].map((body) => [body.id ?? body.state, body.clockState]),
        ),
        { 'e-0': 'behind', queued: 'plausible', 'e-1': 'synced' },
      );
    },
  );

  test('after an outage the newest state comes first, then the backlog, marked', LIMIT, async () => {
    const gone = await bench.runBroker();
    await gone.kill();
    const { uplink } = await bench.startBox(gone.url);
    for (let index = 0; index < 30; index += 1) uplink.record('cameraEvent', makeEvent(`e-${index}`), 'door');
    for (const label of ['dog', 'cat']) {
      const model = { model: 'm@1', digest: 'a'.repeat(64) };
      uplink.publish('cameraState', { tsMs: 1, sinceMs: 1, score: 0.9, label, ...model }, 'door');
    }
    const broker = await bench.runBroker({ port: gone.port });
    const server = new ReceiptingServer().attach(broker);
    await server.waitForRows(30);
    const [, , state] = broker.messages;
    assert.deepEqual(
      broker.messages.slice(0, 4).map(({ topic }) => topic.slice(BOX_ROOT.length + 1)),
      ['status', 'birth', 'cam/door/state', 'cam/door/event'],
    );
    assert.equal(parsePayload('cameraState', state?.payload ?? '').label, 'cat');
    assert.equal(server.historical, 30);
  });
});
