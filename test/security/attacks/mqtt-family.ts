import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import type { MqttClient } from 'mqtt';
import { cameraEvent } from '../../support/fleet-data.ts';
import { closed, FLEET, topicOf } from '../../support/mqtt-device.ts';
import { until } from '../../support/until.ts';
import { type AttackPlan, createFamily } from './attack.ts';
import { type DeviceWorld, mayConnect, openDeviceWorld } from './device-world.ts';

type Plan = AttackPlan<DeviceWorld>;
const [VICTIM, THIEF] = ['box-victim', 'box-thief'] as const;
const EVENTS = topicOf(THIEF, 'cameraEvent', 'door');

async function withClient<T>(world: DeviceWorld, work: (client: MqttClient) => Promise<T>): Promise<T> {
  const client = await world.connect(world.thief);
  client.on('error', () => undefined);
  try {
    return await work(client);
  } finally {
    await client.endAsync(true);
  }
}

/** MQTT 3.1.1 denies a publish by closing the connection. */
const isCutOff = (world: DeviceWorld, topic: string, payload: string): Promise<boolean> =>
  withClient(world, (client) =>
    Promise.race([
      closed(client).then(() => true),
      client.publishAsync(topic, payload, { qos: 1 }).then(
        () => false,
        () => true,
      ),
    ]),
  );

const publishes = (name: string, topic: string, payload = '{}'): Plan => ({
  name,
  isRefused: (world) => isCutOff(world, topic, payload),
  isTaken: async (world) => !(await isCutOff(world, topicOf(THIEF, 'status'), '{}')),
});

const isDenied = (world: DeviceWorld, filter: string): Promise<boolean> =>
  withClient(world, (client) =>
    client.subscribeAsync(filter, { qos: 1 }).then(
      () => false,
      () => true,
    ),
  );

const subscribes = (name: string, filter: string): Plan => ({
  name,
  isRefused: (world) => isDenied(world, filter),
  isTaken: async (world) => !(await isDenied(world, topicOf(THIEF, 'receipt'))),
});

const foreignWill: Plan = {
  name: 'a last will speaks for another box',
  isRefused: async (world) => !(await isWillTaken(world, topicOf(VICTIM, 'status'))),
  isTaken: (world) => isWillTaken(world, topicOf(THIEF, 'status')),
};

async function isWillTaken({ fleet, thief }: DeviceWorld, topic: string): Promise<boolean> {
  const will = { topic, payload: Buffer.from('{}'), qos: 1, retain: true } as const;
  const client = await fleet.connect(THIEF, thief.credentials, { will }).catch(() => undefined);
  await client?.endAsync();
  return client !== undefined;
}

const duplicateId: Plan = {
  name: 'duplicate client id: another box throws the victim off the broker',
  isRefused: async (world) => {
    const victim = await world.connect(world.victim);
    const isIn = await mayConnect(world, VICTIM, world.thief.credentials);
    const isUp = await victim.publishAsync(topicOf(VICTIM, 'status'), '{}', { qos: 1 }).then(() => true);
    await victim.endAsync();
    return !isIn && isUp;
  },
  isTaken: async (world) => {
    const first = await world.connect(world.victim);
    const ended = closed(first);
    const second = await world.connect(world.victim);
    await ended;
    await second.endAsync();
    return true;
  },
};

/** Ids of the events of the thief that the server has stored. */
async function storedIds({ fleet }: DeviceWorld): Promise<readonly string[]> {
  const reply = await fleet.call('GET', `events?device=${THIEF}&limit=200`);
  const { events } = (await reply.json()) as { readonly events: readonly { readonly id: string }[] };
  return events.map(({ id }) => id);
}

let seq = 0;
/** Sends an honest event and waits until it is stored: what was sent before it was judged by then. */
async function report(world: DeviceWorld, client: MqttClient): Promise<string> {
  const event = { ...cameraEvent(++seq), id: `honest-${seq}` };
  await client.publishAsync(EVENTS, JSON.stringify(event), { qos: 1 });
  await until(`${event.id} is stored`, async () => (await storedIds(world)).includes(event.id));
  return event.id;
}

const hostilePayload = (name: string, make: (event: string) => string): Plan => ({
  name,
  isRefused: (world) =>
    withClient(world, async (client) => {
      const event = { ...cameraEvent(++seq), id: `hostile-${seq}` };
      await client.publishAsync(EVENTS, make(JSON.stringify(event)), { qos: 1 });
      await report(world, client);
      return !(await storedIds(world)).includes(event.id);
    }),
  isTaken: (world) =>
    withClient(world, async (client) => {
      const id = await report(world, client);
      return (await storedIds(world)).includes(id);
    }),
});

const seqAs = (text: string) => (event: string) => event.replace(/"seq":\d+/, `"seq":${text}`);

const announced: Plan = {
  name: 'a packet announces 256 MB before anybody is known',
  isRefused: async ({ fleet, thief }) => {
    const socket = connectTls({
      port: Number(new URL(fleet.mqttUrl).port),
      host: '127.0.0.1',
      ...thief.credentials,
    });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    socket.write(Uint8Array.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0x00]));
    await once(socket.resume(), 'close');
    return true;
  },
  isTaken: (world) => mayConnect(world, THIEF, world.thief.credentials),
};

/** What a box, or whoever has its keys, may say and hear. */
export const MQTT_FAMILY = createFamily({
  name: 'mqtt',
  open: openDeviceWorld,
  scope: 'shared',
  plans: [
    publishes('a report in the topic of another box', topicOf(VICTIM, 'cameraEvent', 'door')),
    publishes('the status of another box', topicOf(VICTIM, 'status')),
    publishes(
      'the topic of a box of another fleet',
      topicOf(THIEF, 'status').replace(`/${FLEET}/`, '/other/'),
    ),
    publishes('a box writes its own order', topicOf(THIEF, 'desiredModel'), '{"order":"x"}'),
    publishes('a box writes the order of another box', topicOf(VICTIM, 'desiredModel'), '{"order":"x"}'),
    publishes('a box writes its own settings', topicOf(THIEF, 'desiredConfig'), '{"document":"x"}'),
    publishes('a box tells how another is set', topicOf(VICTIM, 'reportedConfig')),
    publishes(
      'forged receipt: a box makes another forget what it has not reported',
      topicOf(VICTIM, 'receipt'),
    ),
    publishes('forged receipt: a box writes its own', topicOf(THIEF, 'receipt')),
    publishes('a box sends another a command', topicOf(VICTIM, 'command', 'restart-agent')),
    publishes('a box sends itself a command', topicOf(THIEF, 'command', 'restart-agent')),
    publishes('a box replies for another', topicOf(VICTIM, 'commandReply', 'snapshot')),
    publishes('a topic beside the tree', 'watchpost/v1/../../elsewhere'),
    publishes('a topic of the broker itself', '$SYS/broker/clients'),
    publishes('a payload of more than 256 KB', topicOf(THIEF, 'status'), 'x'.repeat(256 * 1024 + 1)),
    announced,
    subscribes('the orders of another box are read', topicOf(VICTIM, 'desiredModel')),
    subscribes('the settings of another box are read', topicOf(VICTIM, 'desiredConfig')),
    subscribes('the commands of another box are read', topicOf(VICTIM, 'command', 'snapshot')),
    subscribes('the replies of another box are read', topicOf(VICTIM, 'commandReply', 'snapshot')),
    subscribes('the receipts of another box are read', topicOf(VICTIM, 'receipt')),
    subscribes('the whole fleet is read with #', '#'),
    subscribes('the whole fleet is read with +', topicOf(THIEF, 'desiredModel').replace(THIEF, '+')),
    subscribes('the broker itself is read', '$SYS/#'),
    foreignWill,
    duplicateId,
    hostilePayload('unsafe integers: a sequence number beyond 2^53', seqAs('9007199254740993')),
    hostilePayload('unsafe integers: a sequence that cannot be counted on from', (event) =>
      event.replace(/"(seq|firstSeq)":\d+/g, `"$1":${2 ** 53}`),
    ),
    hostilePayload('a time no date can name', (event) => event.replace(/"tsMs":\d+/, '"tsMs":1e300')),
    hostilePayload('unsafe integers: a sequence number that is infinite', seqAs('1e999')),
    hostilePayload('unsafe integers: a negative sequence number', seqAs('-1')),
    hostilePayload('a report with fields nobody knows', (event) =>
      event.replace('{', '{"__proto__":{"a":1},"x":1,'),
    ),
    hostilePayload('a report nested 100,000 deep', (event) =>
      event.replace('{', `{"x":${'['.repeat(1e5)}${']'.repeat(1e5)},`),
    ),
  ],
});
