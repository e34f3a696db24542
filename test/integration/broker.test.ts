import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, beforeEach, describe, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { MqttClient } from 'mqtt';
import { createAedesBroker } from '../../fleet-server/src/broker/aedes-broker.ts';
import type { Broker, InboundMessage } from '../../fleet-server/src/broker/port.ts';
import { closed, connectDevice, FLEET, nextMessage, topicOf } from '../support/mqtt-device.ts';
import { until } from '../support/until.ts';

const NEVER = new AbortController().signal;
const RECEIPT = { epoch: '00000000000000aa', upTo: { event: 3 } };

interface Stage {
  readonly broker: Broker;
  /** Resolves the look-up of box-slow, once it was begun. */
  readonly accept: Promise<() => void>;
  readonly inbox: InboundMessage[];
  readonly presence: string[];
}

/** A broker that accepts every box-* with the password "secret"; box-broken breaks the authentication. */
async function openStage(): Promise<Stage> {
  const asked = Promise.withResolvers<() => void>();
  const broker = createAedesBroker({
    host: '127.0.0.1',
    port: 0,
    fleet: FLEET,
    authenticate: async (id, secret) => {
      if (id === 'box-broken') throw new Error('no database');
      if (id === 'box-slow') await new Promise<void>((resolve) => asked.resolve(resolve));
      return id.startsWith('box-') && secret === 'secret';
    },
    log: silentLogger,
  });
  const stage: Stage = { broker, accept: asked.promise, inbox: [], presence: [] };
  broker.onMessage((message) => stage.inbox.push(message));
  broker.onPresence((id, connected) => stage.presence.push(`${id} ${connected ? 'up' : 'down'}`));
  await broker.start(NEVER);
  return stage;
}

const textOf = (message: InboundMessage | undefined): string =>
  Buffer.from(message?.payload ?? []).toString();

describe('the broker', { timeout: 60_000 }, () => {
  let stage: Stage;
  const opened: Stage[] = [];
  const clients: MqttClient[] = [];
  const device = async (id: string, options = {}): Promise<MqttClient> => {
    const client = await connectDevice(stage.broker.port, id, options);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    stage = await openStage();
    opened.push(stage);
  });
  after(async () => {
    for (const client of clients) client.end(true);
    for (const { broker } of opened) await broker.stop();
  });

  const REFUSED: readonly (readonly [string, string, object, number])[] = [
    ['a wrong secret', 'box-1', { password: 'guess' }, 4],
    ['an unknown device', 'stranger', {}, 4],
    ['the user name of another device', 'box-1', { username: 'box-2' }, 4],
    ['no password', 'box-1', { password: undefined }, 4],
    ['an authentication that cannot be made now', 'box-broken', {}, 3],
  ];
  for (const [what, id, options, code] of REFUSED) {
    test(`${what} is refused with code ${code}`, async () => {
      await assert.rejects(device(id, options), { code });
      assert.deepEqual(stage.presence, []);
    });
  }

  test('a device that is shut out while it is looked up does not come in', async () => {
    const entering = assert.rejects(device('box-slow'), { code: 3 });
    const accept = await stage.accept;
    stage.broker.disconnect('box-slow');
    accept();
    await entering;
    assert.deepEqual(stage.presence, []);
  });

  test('a publish is handed over with its address', async () => {
    const client = await device('box-1');
    await client.publishAsync(topicOf('box-1', 'cameraEvent', 'door'), 'payload', { qos: 1 });
    await until('handed over', () => stage.inbox.length === 1);
    assert.deepEqual(stage.inbox[0]?.address, {
      fleet: FLEET,
      device: 'box-1',
      kind: 'cameraEvent',
      camera: 'door',
    });
    assert.equal(textOf(stage.inbox[0]), 'payload');
  });

  const DENIED: readonly (readonly [string, string, string])[] = [
    ['into the root of another device', topicOf('box-2', 'status'), 'x'],
    ['of an order', topicOf('box-1', 'desiredModel'), 'x'],
    ['outside of the tree', 'elsewhere', 'x'],
    ['to $SYS', '$SYS/x', 'x'],
    ['of more than 256 KB', topicOf('box-1', 'status'), 'x'.repeat(256 * 1024 + 1)],
    ['of megabytes', topicOf('box-1', 'status'), 'x'.repeat(3_000_000)],
  ];
  for (const [what, topic, payload] of DENIED) {
    test(`a publish ${what} closes that connection and no other`, async () => {
      const [bad, good] = [await device('box-1'), await device('box-2')];
      const end = closed(bad);
      bad.publish(topic, payload, { qos: 0 });
      await end;
      await good.publishAsync(topicOf('box-2', 'status'), 'ok', { qos: 1 });
      await until('the neighbour is heard', () => stage.inbox.length === 1);
      assert.equal(textOf(stage.inbox[0]), 'ok');
    });
  }

  test('a payload of 256 KB is taken', async () => {
    const client = await device('box-1');
    await client.publishAsync(topicOf('box-1', 'status'), 'x'.repeat(256 * 1024), { qos: 1 });
    await until('taken', () => stage.inbox.length === 1);
  });

  test('a packet that announces megabytes is cut off before it is sent', async () => {
    const socket = connect(stage.broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Uint8Array.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0x00]));
    await once(socket, 'close');
  });

  test('bytes that are no MQTT close that connection', async () => {
    const socket = connect(stage.broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: there\r\n\r\n');
    await once(socket, 'close');
    await device('box-1');
  });

  test('a foreign subscription is denied, an own one granted', async () => {
    const client = await device('box-1');
    const filters = [topicOf('box-1', 'receipt'), topicOf('box-2', 'receipt'), '#', '$SYS/#'];
    const granted = await Promise.all(
      filters.map((filter) => client.subscribeAsync(filter, { qos: 1 }).catch(() => 'denied')),
    );
    assert.deepEqual(
      granted.map((grant) => (grant === 'denied' ? 'denied' : 'granted')),
      ['granted', 'denied', 'denied', 'denied'],
    );
  });

  test('a receipt reaches its device only', async () => {
    const [one, two] = [await device('box-1'), await device('box-2')];
    await one.subscribeAsync(topicOf('box-1', 'receipt'), { qos: 1 });
    await two.subscribeAsync(topicOf('box-2', 'receipt'), { qos: 1 });
    const [received] = await Promise.all([
      nextMessage(two),
      stage.broker.publish('receipt', { fleet: FLEET, device: 'box-2' }, RECEIPT),
    ]);
    assert.deepEqual(received, { topic: topicOf('box-2', 'receipt'), body: RECEIPT, retain: false });
  });

  test('an order waits for the device to subscribe; the newest wins', async () => {
    const address = { fleet: FLEET, device: 'box-1' };
    await stage.broker.publish('desiredModel', address, { order: 'the first order' });
    await stage.broker.publish('desiredModel', address, { order: 'the second order' });
    const client = await device('box-1');
    const [received] = await Promise.all([
      nextMessage(client),
      client.subscribeAsync(topicOf('box-1', 'desiredModel'), { qos: 1 }),
    ]);
    assert.deepEqual(received.body, { order: 'the second order' });
    assert.equal(received.retain, true);
    const [live] = await Promise.all([
      nextMessage(client),
      stage.broker.publish('desiredModel', address, { order: 'the third order' }),
    ]);
    assert.deepEqual(live.body, { order: 'the third order' });
  });

  test('a second connection of a device takes over', async () => {
    const first = await device('box-1');
    const firstEnded = closed(first);
    const second = await device('box-1');
    await firstEnded;
    assert.equal(second.connected, true);
    assert.equal(stage.presence.at(-1), 'box-1 up');
    await second.endAsync();
    await until('down', () => stage.presence.at(-1) === 'box-1 down');
  });

  test('the last will of a broken connection is handed over', async () => {
    const will = {
      topic: topicOf('box-1', 'status'),
      payload: Buffer.from('gone'),
      qos: 1 as const,
      retain: true,
    };
    const client = await device('box-1', { will });
    client.stream.destroy();
    await until('the will', () => stage.inbox.length === 1);
    assert.equal(textOf(stage.inbox[0]), 'gone');
    await until('down', () => stage.presence.at(-1) === 'box-1 down');
  });

  test('a last will that speaks for another device is refused', async () => {
    const will = { topic: topicOf('box-2', 'status'), payload: Buffer.from('gone') };
    await assert.rejects(device('box-1', { will }), { code: 5 });
    assert.deepEqual(stage.presence, []);
  });

  test('a device that stops reading holds up nobody', async () => {
    const [slow, quick] = [await device('box-1'), await device('box-2')];
    await slow.subscribeAsync(topicOf('box-1', 'desiredModel'), { qos: 1 });
    await quick.subscribeAsync(topicOf('box-2', 'receipt'), { qos: 1 });
    slow.stream.pause();
    const order = 'x'.repeat(8_000);
    for (let count = 0; count < 2_000; count += 1) {
      void stage.broker
        .publish('desiredModel', { fleet: FLEET, device: 'box-1' }, { order })
        .catch(() => undefined);
    }
    const [received] = await Promise.all([
      nextMessage(quick),
      stage.broker.publish('receipt', { fleet: FLEET, device: 'box-2' }, RECEIPT),
    ]);
    assert.deepEqual(received.body, RECEIPT);
    slow.stream.resume();
  });

  test('a port that is in use is named', async () => {
    const { port } = stage.broker;
    const second = createAedesBroker({
      host: '127.0.0.1',
      port,
      fleet: FLEET,
      authenticate: async () => true,
      log: silentLogger,
    });
    await assert.rejects(second.start(NEVER), { code: 'PORT_IN_USE', message: new RegExp(String(port)) });
  });

  test('stop closes every connection', async () => {
    const some = [await device('box-1'), await device('box-2')];
    const idle = connect(stage.broker.port, '127.0.0.1');
    await once(idle, 'connect');
    idle.on('error', () => undefined);
    await Promise.all([stage.broker.stop(), once(idle, 'close'), ...some.map(closed)]);
    opened.splice(opened.indexOf(stage), 1);
  });
});
