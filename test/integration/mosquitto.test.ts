import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import mqtt, { type MqttClient } from 'mqtt';
import { findPublishAddress, mayReceive } from '../../fleet-server/src/broker/topic-acl.ts';
import type { CertificateAuthority } from '../../fleet-server/src/identity/port.ts';
import { type Box, keyOf, makeAuthority, makeBox, pemOf } from '../support/certified-box.ts';
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts';

const OWNER = { fleet: 'main', device: 'box-1' };
const ROOTS = [
  'watchpost/v1/main/box-1',
  'watchpost/v1/main/box-2',
  'watchpost/v1/main/box-11',
  'watchpost/v1/other/box-1',
];
const PATHS = [
  'status',
  'birth',
  'telemetry',
  'deployment',
  'reported/model',
  'reported/config',
  'desired/model',
  'desired/config',
  'receipt',
  'cmd/snapshot',
  'cmd/snapshot/res',
  'cmd/restart-agent',
  'cmd/snapshot/res/more',
  'cmd/snapshot/status',
  'cmd',
  'cam/door/status',
  'cam/door/stats',
  'cam/door/state',
  'cam/door/event',
  'cam/door/event/more',
  'cam/door',
  'cam/door/unknown',
  'reported/other',
  'desired/other',
  'status/more',
  'unknown',
];
const TOPICS = [
  ...ROOTS.flatMap((root) => PATHS.map((path) => `${root}/${path}`)),
  ...ROOTS,
  'watchpost/v2/main/box-1/status',
  'WATCHPOST/V1/main/box-1/status',
  '/watchpost/v1/main/box-1/status',
  'elsewhere',
];
const MARKER = 'watchpost/v1/main/box-1/receipt';
const NOT_AUTHORIZED = 135;

describe('Mosquitto with our files', { skip: !hasMosquitto() && 'there is no mosquitto here' }, () => {
  let authority: CertificateAuthority;
  let broker: Mosquitto;
  const clients: MqttClient[] = [];

  before(async () => {
    authority = await makeAuthority();
    broker = await startMosquitto(authority);
  });
  after(async () => {
    for (const client of clients) await client.endAsync(true);
    await broker.stop();
  });

  const connect = async (box: Box, { commonName = box.id, issuer = authority } = {}): Promise<MqttClient> => {
    const { certificatePem: cert } = await issuer.issueDevice(commonName, pemOf(box));
    const tls = { ca: authority.caPem, cert, key: keyOf(box) };
    const session = { clientId: box.id, protocolVersion: 5, reconnectPeriod: 0 } as const;
    const client = await mqtt.connectAsync(broker.url, { ...session, ...tls }, false);
    clients.push(client);
    return client;
  };

  test('a device may write exactly what the broker of the server lets it write', async () => {
    const client = await connect(makeBox('box-1'));
    for (const topic of TOPICS) {
      const refused = await client.publishAsync(topic, '{}', { qos: 1 }).then(
        () => false,
        (error: { readonly code?: unknown }) => error.code === NOT_AUTHORIZED,
      );
      assert.equal(!refused, findPublishAddress(OWNER, topic) !== undefined, topic);
    }
    await client.endAsync();
  });

  test('a device hears exactly what the broker of the server lets it hear', async () => {
    const heard = new Set<string>();
    const device = await connect(makeBox('box-1'));
    const done = new Promise<void>((resolve) =>
      device.on('message', (topic, payload) => {
        heard.add(topic);
        if (payload.toString() === 'last') resolve();
      }),
    );
    await device.subscribeAsync(['#', ...TOPICS], { qos: 1 });
    const server = await connect(makeBox('server'), { commonName: 'fleet.server' });
    const speakers = [server, device, await connect(makeBox('box-2')), await connect(makeBox('box-11'))];
    for (const speaker of speakers)
      for (const topic of TOPICS) await speaker.publishAsync(topic, '{}', { qos: 1 }).catch(() => undefined);
    await server.publishAsync(MARKER, 'last', { qos: 1 });
    await done;
    for (const topic of TOPICS) assert.equal(heard.has(topic), mayReceive(OWNER, topic), topic);
    await device.endAsync();
  });

  test('what a device says reaches the server, and no other device', async () => {
    const server = await connect(makeBox('server'), { commonName: 'fleet.server' });
    const spy = await connect(makeBox('box-2'));
    const overheard: string[] = [];
    spy.on('message', (topic) => overheard.push(topic));
    await spy.subscribeAsync('#', { qos: 1 });
    await server.subscribeAsync('watchpost/v1/main/+/status', { qos: 1 });
    const arrived = new Promise<string>((resolve) => server.once('message', resolve));
    const device = await connect(makeBox('box-1'));
    await device.publishAsync('watchpost/v1/main/box-1/status', '{}', { qos: 1 });
    assert.equal(await arrived, 'watchpost/v1/main/box-1/status');
    await server.publishAsync('watchpost/v1/main/box-2/receipt', '{}', { qos: 1 });
    await new Promise<void>((resolve) => {
      if (overheard.length > 0) resolve();
      else spy.once('message', () => resolve());
    });
    assert.deepEqual(overheard, ['watchpost/v1/main/box-2/receipt']);
  });

  test('nobody gets in without a certificate of the fleet', async () => {
    const nobody = { clientId: 'box-1', username: 'box-1', password: 'secret', reconnectPeriod: 0 };
    await assert.rejects(mqtt.connectAsync(broker.url, { ...nobody, ca: authority.caPem }, false));
    const foreign = await makeAuthority();
    await assert.rejects(connect(makeBox('box-1'), { issuer: foreign }));
  });

  test('a device that uses the client id of another does not take its connection', async () => {
    const victim = await connect(makeBox('box-1'));
    const thief = await connect({ ...makeBox('box-2'), id: 'box-1' }, { commonName: 'box-2' });
    await thief.publishAsync('watchpost/v1/main/box-2/status', '{}', { qos: 1 });
    await victim.publishAsync('watchpost/v1/main/box-1/status', '{}', { qos: 1 });
    assert.equal(victim.connected, true);
  });
});
