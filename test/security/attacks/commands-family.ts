import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandName } from '@watchpost/shared/messages/command.ts';
import { parsePayload } from '@watchpost/shared/topics.ts';
import type { CommandOrder } from '@watchpost/shared/trust/command-order.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { createJwsConfigReader, createJwsOrderReader } from '../../../agent/src/trust/jws-order.ts';
import {
  COMMAND_DIRECTOR,
  COMMANDED_DEVICE,
  type CommandedBox,
  composeCommand,
  openCommandedBox,
  signCommand,
} from '../../support/commanded-box.ts';
import { composeConfigOrder, signConfig } from '../../support/configured-box.ts';
import { makeBundle, makeKeyPair } from '../../support/test-bundle.ts';
import { composeOrder, signOrder } from '../../support/test-order.ts';
import { type AttackPlan, createFamily, isRefusedWith } from './attack.ts';

/** A box that does commands, over real files; the next counter it would take. */
interface CommandWorld {
  readonly box: CommandedBox;
  next(): number;
  close(): Promise<void>;
}

async function openCommandWorld(): Promise<CommandWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-attacked-commands-'));
  const box = await openCommandedBox({ dataDir });
  let counter = 1;
  return {
    box,
    next: () => ++counter,
    close: async () => {
      await box.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

type Plan = AttackPlan<CommandWorld>;

/** The honest way: the next command is done. */
async function isTaken({ box, next }: CommandWorld): Promise<boolean> {
  const order = composeCommand(next());
  await box.send(order);
  return (await box.reply(order.id)).state === 'done' && box.begun.at(-1)?.id === order.id;
}

/** True when nothing is begun, and the next honest command is. */
async function isWithoutEffect(
  world: CommandWorld,
  make: () => Promise<string>,
  on: { readonly name?: CommandName; readonly id?: string } = {},
): Promise<boolean> {
  const { box } = world;
  await isTaken(world);
  const token = await make();
  const before = box.begun.length;
  box.tell(on.name ?? 'restart-agent', on.id ?? 'attack', token);
  await box.settle();
  return box.begun.length === before && (await isTaken(world));
}

/** @param make signs, or does not, what would be the next command, under the id that stands beside it */
const forged = (name: string, make: (order: CommandOrder) => Promise<string>): Plan => ({
  name,
  isRefused: (world) => isWithoutEffect(world, () => make(composeCommand(world.next(), { id: 'attack' }))),
  isTaken,
});

const toPart = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const FORGED: readonly Plan[] = [
  forged('a command signed with a foreign key', (order) => signCommand(order, makeKeyPair().privateKey)),
  forged('a command without a signature', async (order) => {
    const kid = computeKeyId(COMMAND_DIRECTOR.publicKey);
    return `${[{ alg: 'none', typ: 'watchpost-command+jws', kid }, order].map(toPart).join('.')}.`;
  }),
  forged('a command changed after it was signed', async (order) => {
    const [header = '', , signature = ''] = (await signCommand({ ...order, name: 'benchmark' })).split('.');
    return [header, toPart(order), signature].join('.');
  }),
  forged('a command for another box', (order) => signCommand({ ...order, deviceId: 'gate-4' })),
  forged('a command under the id of another', (order) => signCommand({ ...order, id: 'another' })),
  forged('a harmless command on the topic of a restart', (order) =>
    signCommand({ ...order, name: 'benchmark' }),
  ),
  forged('an order of a model as a command', () =>
    signOrder(composeOrder(makeBundle()), COMMAND_DIRECTOR.privateKey),
  ),
  forged('settings as a command', () => signConfig(composeConfigOrder(1, {}), COMMAND_DIRECTOR.privateKey)),
  forged('a command under the type of an order', (order) =>
    signCommand(order, COMMAND_DIRECTOR.privateKey, 'watchpost-order+jws'),
  ),
  forged('a command under no type', (order) => signCommand(order, COMMAND_DIRECTOR.privateKey, 'JWT')),
  forged('unsafe integers: a counter beyond 2^53', (order) => signCommand({ ...order, counter: 2 ** 53 })),
];

/** A token of one kind read as another. */
const confused = (name: string, read: (token: string) => Promise<unknown>): Plan => ({
  name,
  isRefused: async (world) =>
    isRefusedWith(['ORDER_INVALID'], read(await signCommand(composeCommand(world.next())))),
  isTaken,
});
const box = {
  deviceId: COMMANDED_DEVICE,
  directorKeys: { list: async () => [COMMAND_DIRECTOR.publicKey] },
};
const CONFUSED: readonly Plan[] = [
  confused('a command as an order of a model', (token) => createJwsOrderReader(box).read(token)),
  confused('a command as settings', (token) => createJwsConfigReader(box).read(token)),
];

const replayed = (when: string, then: (box: CommandedBox) => Promise<void>): Plan => ({
  name: `a replayed restart, ${when}`,
  isRefused: async (world) => {
    const order = composeCommand(world.next());
    const token = await signCommand(order);
    world.box.tell(order.name, order.id, token);
    await world.box.reply(order.id);
    await isTaken(world);
    await then(world.box);
    return isWithoutEffect(world, async () => token, { id: order.id });
  },
  isTaken,
});
const damage = (name: string) => async (damaged: CommandedBox) => {
  await damaged.stop();
  await writeFile(join(damaged.dataDir, name), '{"counter":');
  await damaged.restart();
};

const REPLAYED: readonly Plan[] = [
  replayed('while the agent runs', async () => undefined),
  replayed('after a restart', (running) => running.restart()),
  replayed('after the newest counter was damaged', damage('command-mark.json')),
  replayed('after what the box remembers was damaged', damage('command-replies.json')),
  {
    name: 'a restart that the broker held back until nobody waited for it',
    isRefused: async (world) => {
      const token = await signCommand(composeCommand(world.next(), { id: 'attack' }));
      await isTaken(world);
      world.box.clock.wallMs += 600_000;
      world.box.tell('restart-agent', 'attack', token);
      await world.box.settle();
      const isBegun = world.box.begun.some(({ id }) => id === 'attack');
      world.box.clock.wallMs -= 600_000;
      return !isBegun && (await isTaken(world));
    },
    isTaken,
  },
];

/** The director's key is stolen: it may ask for what a fleet may ask for, and nothing else. */
const stolen = (name: string, change: object): Plan => ({
  name: `stolen director key: ${name}`,
  isRefused: (world) =>
    isWithoutEffect(
      world,
      () => signCommand({ ...composeCommand(world.next(), { id: 'attack' }), name: 'snapshot', ...change }),
      { name: 'snapshot' },
    ),
  isTaken,
});

const STOLEN: readonly Plan[] = [
  stolen('a command nobody knows', { name: 'shell', args: { line: 'reboot' } }),
  stolen('a path for a camera', { args: { camera: '../../etc/shadow' } }),
  stolen('arguments a command does not take', { args: { camera: 'door', out: '/etc/cron.d/x' } }),
  stolen('a prototype', { args: JSON.parse('{"camera": "door", "__proto__": {"force": true}}') }),
  stolen('arguments without end', { args: { camera: 'x'.repeat(100_000) } }),
  stolen('a log level for a year', { name: 'loglevel', args: { level: 'debug', minutes: 525_600 } }),
];

const oversized: Plan = {
  name: 'a command longer than a message may be',
  isRefused: async (world) => {
    const args = { camera: 'x'.repeat(10_000) };
    const command = await signCommand(composeCommand(world.next(), { name: 'snapshot', args }));
    const payload = JSON.stringify({ id: 'attack', command });
    return isRefusedWith(
      ['MESSAGE_INVALID'],
      Promise.resolve().then(() => parsePayload('command', payload)),
    );
  },
  isTaken,
};

/** What whoever writes to the topics of commands, or holds the director's key, can make a box do. */
export const COMMANDS_FAMILY = createFamily({
  name: 'commands',
  open: openCommandWorld,
  scope: 'shared',
  plans: [...FORGED, ...CONFUSED, ...REPLAYED, ...STOLEN, oversized],
});
