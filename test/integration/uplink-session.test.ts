import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { parsePayload } from '@watchpost/shared/topics.ts';
import { ReceiptingServer } from '../support/receipting-server.ts';
import { BIRTH, BOX_ROOT, makeEvent, UplinkBench, waitUntilEmpty } from '../support/uplink-bench.ts';

const LIMIT = { timeout: 20_000 };
const bench = new UplinkBench();
const STATE = { tsMs: 1, sinceMs: 1, score: 0.9, model: 'm@1', digest: 'a'.repeat(64), label: 'cat' };

const statusIs = (state: string) => (message: { topic: string; payload: string }) =>
  message.topic === `${BOX_ROOT}/status` && parsePayload('status', message.payload).state === state;

describe('connection', () => {
  test(
    'when the broker accepts, status, birth and documents are retained there, in this order',
    LIMIT,
    async () => {
      const broker = await bench.runBroker();
      const { uplink } = await bench.startBox(broker.url);
      uplink.publish('cameraState', STATE, 'door');
      await broker.waitFor(({ topic }) => topic === `${BOX_ROOT}/cam/door/state`);
      assert.deepEqual(
        broker.messages.map(({ topic, retain, qos }) => [topic, retain, qos]),
        [
          [`${BOX_ROOT}/status`, true, 1],
          [`${BOX_ROOT}/birth`, true, 1],
          [`${BOX_ROOT}/cam/door/state`, true, 1],
        ],
      );
      assert.deepEqual(parsePayload('birth', broker.messages[1]?.payload ?? ''), BIRTH);
    },
  );

  test('when the agent stops, it says so and leaves no will', LIMIT, async () => {
    const broker = await bench.runBroker();
    const box = await bench.startBox(broker.url);
    await broker.waitFor(statusIs('online'));
    await box.stop();
    await broker.waitFor(statusIs('stopped'));
    assert.equal(broker.messages.some(statusIs('offline')), false);
  });

  test(
    'when the broker has lost its memory, status, birth and the latest documents are said again',
    LIMIT,
    async () => {
      const first = await bench.runBroker();
      const { uplink } = await bench.startBox(first.url);
      uplink.publish('cameraState', { ...STATE, label: 'dog' }, 'door');
      uplink.publish('cameraState', { ...STATE, label: 'cat' }, 'door');
      await first.waitFor(({ payload }) => payload.includes('"cat"'));
      await first.kill();
      const second = await bench.runBroker({ port: first.port });
      await second.waitFor(({ topic }) => topic === `${BOX_ROOT}/cam/door/state`);
      assert.deepEqual(
        second.messages.map(({ topic }) => topic),
        [`${BOX_ROOT}/status`, `${BOX_ROOT}/birth`, `${BOX_ROOT}/cam/door/state`],
      );
      assert.equal(parsePayload('cameraState', second.messages[2]?.payload ?? '').label, 'cat');
      const [before, after] = [first, second].map((broker) =>
        parsePayload('status', broker.messages.find(statusIs('online'))?.payload ?? ''),
      );
      assert.notEqual(before?.session, after?.session);
    },
  );

  test(
    'when the password is wrong, BROKER_REFUSED is logged once, and the box gets in when it is put right',
    LIMIT,
    async () => {
      let isKnown = false;
      let tries = 0;
      let onFifthTry: () => void;
      const fifthTry = new Promise<void>((resolve) => {
        onFifthTry = resolve;
      });
      const accepts = (username: string, password: string) => {
        tries += 1;
        if (tries === 5) onFifthTry();
        return isKnown && username === 'box-1' && password === 's3cret';
      };
      const broker = await bench.runBroker({ accepts });
      const { uplink } = await bench.startBox(broker.url);
      await fifthTry;
      assert.equal(uplink.isConnected(), false);
      assert.deepEqual(bench.codes(), ['BROKER_REFUSED']);
      isKnown = true;
      await bench.waitForLine((line) => line.message === 'broker connected');
    },
  );

  test('when the broker is down, BROKER_UNREACHABLE is logged once, and rows wait', LIMIT, async () => {
    const gone = await bench.runBroker();
    await gone.kill();
    const { uplink, outbox } = await bench.startBox(gone.url);
    uplink.record('cameraEvent', makeEvent('e-1'), 'door');
    await bench.waitForLine((line) => line.code === 'BROKER_UNREACHABLE');
    assert.equal(outbox.report(0).rows, 1);
    const server = new ReceiptingServer().attach(await bench.runBroker({ port: gone.port }));
    await server.waitForRows(1);
    await waitUntilEmpty(outbox);
    assert.equal(server.historical, 1);
    assert.equal(bench.codes().filter((code) => code === 'BROKER_UNREACHABLE').length, 1);
  });

  test('when the address is no broker address, it is reported like an unreachable one', LIMIT, async () => {
    await bench.startBox('gopher://127.0.0.1');
    await bench.waitForLine((line) => line.code === 'BROKER_UNREACHABLE');
  });

  test('when the broker denies the receipts, the box is refused and keeps trying', LIMIT, async () => {
    const broker = await bench.runBroker({ allows: (topic) => !topic.endsWith('/receipt') });
    await bench.startBox(broker.url);
    let births = 0;
    await broker.waitFor(({ topic }) => topic === `${BOX_ROOT}/birth` && ++births === 3);
    assert.deepEqual(bench.codes(), ['BROKER_REFUSED']);
  });
});

describe('a line that fails', () => {
  test('when the line breaks, the will says which session ended, and a new one begins', LIMIT, async () => {
    const broker = await bench.runBroker();
    await bench.startBox(broker.url);
    const online = await broker.waitFor(statusIs('online'));
    broker.dropClients();
    const will = await broker.waitFor(statusIs('offline'));
    assert.equal(will.retain, true);
    const [begun, ended] = [online, will].map(({ payload }) => parsePayload('status', payload).session);
    assert.equal(begun, ended);
    await broker.waitFor(
      (message) => statusIs('online')(message) && parsePayload('status', message.payload).session !== begun,
    );
  });

  test('when the broker falls silent after the welcome, the agent stops all the same', {
    timeout: 5000,
  }, async () => {
    const CONNACK = Buffer.from([0x20, 0x02, 0x00, 0x00]);
    const mute = createServer((socket) => {
      bench.cleanUpWith(async () => void socket.destroy());
      socket.once('data', () => socket.write(CONNACK)).resume();
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    bench.cleanUpWith(async () => void mute.close());
    const box = await bench.startBox(`mqtt://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    while (!box.uplink.isConnected()) await new Promise((resolve) => setImmediate(resolve));
    await box.stop();
    assert.equal(box.uplink.isConnected(), false);
  });

  test('when the broker is silent, the agent stops without waiting for it', { timeout: 5000 }, async () => {
    const silent = createServer((socket) => bench.cleanUpWith(async () => void socket.destroy()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    bench.cleanUpWith(async () => void silent.close());
    const reached = once(silent, 'connection');
    const box = await bench.startBox(`mqtt://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await reached;
    await box.stop();
    assert.equal(box.uplink.isConnected(), false);
  });
});

describe('requests of the fleet', () => {
  test('when a desired document is there or comes, the listener has it', LIMIT, async () => {
    const broker = await bench.runBroker();
    const topic = `${BOX_ROOT}/desired/model`;
    broker.publish(topic, JSON.stringify({ order: 'first-order-000000' }), true);
    const { uplink } = await bench.startBox(broker.url);
    const orders: string[] = [];
    const both = new Promise<void>((resolve) => {
      uplink.onDesired(({ order }) => {
        orders.push(order);
        if (orders.length === 1) broker.publish(topic, JSON.stringify({ order: 'second-order-00000' }), true);
        else resolve();
      });
    });
    await both;
    assert.deepEqual(orders, ['first-order-000000', 'second-order-00000']);
  });

  test(
    'when a message is not what the schema asks for, it is logged and the next one is heard',
    LIMIT,
    async () => {
      const broker = await bench.runBroker();
      const { uplink } = await bench.startBox(broker.url);
      const heard = new Promise<string>((resolve) => uplink.onDesired(({ order }) => resolve(order)));
      await broker.waitFor(({ topic }) => topic === `${BOX_ROOT}/birth`);
      for (const payload of ['{"order":1}', 'no json', ''])
        broker.publish(`${BOX_ROOT}/desired/model`, payload);
      broker.publish(`${BOX_ROOT}/desired/model`, JSON.stringify({ order: 'good-order-0000000' }));
      assert.equal(await heard, 'good-order-0000000');
      assert.equal(bench.codes().filter((code) => code === 'MESSAGE_INVALID').length, 2);
    },
  );
});
