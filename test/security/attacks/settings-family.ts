import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { createJwsOrderReader } from '../../../agent/src/trust/jws-order.ts';
import {
  CONFIG_DIRECTOR,
  CONFIGURED_DEVICE,
  type ConfiguredBox,
  composeConfigOrder,
  openConfiguredBox,
  signConfig,
} from '../../support/configured-box.ts';
import { makeBundle, makeKeyPair } from '../../support/test-bundle.ts';
import { composeOrder, signOrder } from '../../support/test-order.ts';
import { type AttackPlan, createFamily, isRefusedWith } from './attack.ts';

/** A box that takes settings, over real files; the next version it would take. */
interface SettingsWorld {
  readonly box: ConfiguredBox;
  next(): number;
  close(): Promise<void>;
}

async function openSettingsWorld(): Promise<SettingsWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-attacked-settings-'));
  const cameras = [{ id: 'door', url: 'rtsp://10.0.0.2/1', credentialsFile: '/etc/watchpost/door' }];
  const box = await openConfiguredBox({ dataDir, own: { cameras } });
  let version = 1;
  return {
    box,
    next: () => ++version,
    close: async () => {
      await box.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

type Plan = AttackPlan<SettingsWorld>;
type Settings = Record<string, unknown>;
const HARMLESS: Settings = { pictures: { idleSec: 30 } };

/** The honest way: the next version comes into force. */
async function isTaken({ box, next }: SettingsWorld, settings = HARMLESS): Promise<boolean> {
  const version = next();
  await box.set(version, settings);
  const { inForce } = await box.reported('applied', version);
  return inForce === version;
}

/** True when nothing of the box changed, and the next honest document is taken. */
async function isWithoutEffect(world: SettingsWorld, make: () => Promise<string>): Promise<boolean> {
  await isTaken(world);
  const token = await make();
  const before = [world.box.inForce(), world.box.applied.length];
  world.box.tell(token);
  await world.box.settle();
  const after = [world.box.inForce(), world.box.applied.length];
  return before.every((part, index) => part === after[index]) && (await isTaken(world));
}

const forged = (name: string, make: (version: number) => Promise<string>): Plan => ({
  name,
  isRefused: async (world) => isWithoutEffect(world, () => make(world.next())),
  isTaken: (world) => isTaken(world),
});

const toPart = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const FORGED: readonly Plan[] = [
  forged('settings signed with a foreign key', (version) =>
    signConfig(composeConfigOrder(version, HARMLESS), makeKeyPair().privateKey),
  ),
  forged('settings without a signature', async (version) => {
    const header = {
      alg: 'none',
      typ: 'watchpost-config+jws',
      kid: computeKeyId(CONFIG_DIRECTOR.publicKey),
    };
    return `${[header, composeConfigOrder(version, HARMLESS)].map(toPart).join('.')}.`;
  }),
  forged('settings changed after they were signed', async (version) => {
    const [header = '', , signature = ''] = (await signConfig(composeConfigOrder(version, HARMLESS))).split(
      '.',
    );
    return [header, toPart(composeConfigOrder(version, { log: { level: 'debug' } })), signature].join('.');
  }),
  forged('settings of another box', (version) =>
    signConfig(composeConfigOrder(version, HARMLESS, { deviceId: 'gate-4' })),
  ),
  forged('an order of a model as settings', () =>
    signOrder(composeOrder(makeBundle()), CONFIG_DIRECTOR.privateKey),
  ),
  forged('settings under the type of an order', (version) =>
    signConfig(composeConfigOrder(version, HARMLESS), CONFIG_DIRECTOR.privateKey, 'watchpost-order+jws'),
  ),
  forged('settings under no type', (version) =>
    signConfig(composeConfigOrder(version, HARMLESS), CONFIG_DIRECTOR.privateKey, 'JWT'),
  ),
  forged('unsafe integers: a version beyond 2^53', async () =>
    signConfig(composeConfigOrder(2 ** 53, HARMLESS)),
  ),
  {
    name: 'settings as an order of a model',
    isRefused: async (world) => {
      const reader = createJwsOrderReader({
        deviceId: CONFIGURED_DEVICE,
        directorKeys: { list: async () => [CONFIG_DIRECTOR.publicKey] },
      });
      const token = await signConfig(composeConfigOrder(world.next(), HARMLESS));
      return isRefusedWith(['ORDER_INVALID'], reader.read(token));
    },
    isTaken: (world) => isTaken(world),
  },
];

const replayed = (when: string, then: (box: ConfiguredBox) => Promise<void>): Plan => ({
  name: `replayed settings, ${when}`,
  isRefused: async (world) => {
    const old = await signConfig(composeConfigOrder(world.next(), { pictures: { idleSec: 77 } }));
    world.box.tell(old);
    await isTaken(world);
    await then(world.box);
    return isWithoutEffect(world, async () => old);
  },
  isTaken: (world) => isTaken(world),
});

const REPLAYED: readonly Plan[] = [
  replayed('while the agent runs', async () => undefined),
  replayed('after a restart', (box) => box.restart()),
  replayed('after the documents of the box were damaged', async (box) => {
    await box.stop();
    await writeFile(join(box.dataDir, 'config-document.json'), '{"current":');
    await box.restart();
  }),
];

/** The director's key is stolen: it may set what a fleet may set, and nothing else. */
const stolen = (name: string, settings: Settings): Plan => ({
  name: `stolen director key: ${name}`,
  isRefused: async (world) => {
    let version = 0;
    const isRefused = await isWithoutEffect(world, () => {
      version = world.next();
      return signConfig(composeConfigOrder(version, settings));
    });
    return (
      isRefused &&
      world.box.reports.some((report) => report.version === version && report.state === 'rejected')
    );
  },
  isTaken: (world) => isTaken(world),
});

const watch = (source: Settings): Settings => ({ cameras: [{ id: 'spy', ...source }] });
const STOLEN: readonly Plan[] = [
  stolen('the box is sent to another server', { server: { url: 'https://evil.example' } }),
  stolen('another root of trust', { trust: { rootFile: '/tmp/1.root.json' } }),
  stolen('another folder of data', { dataDir: '/tmp/evil' }),
  stolen('a file of the box as a camera', watch({ file: '/var/lib/watchpost/identity/device-key.pem' })),
  stolen('a file by a detour', watch({ file: '../identity/device-key.pem' })),
  stolen('a watchdog of the kernel as a camera', watch({ device: '/dev/watchdog' })),
  stolen('a protocol that reads files', watch({ url: 'concat:/etc/shadow' })),
  stolen('a service of the box itself as a camera', watch({ url: 'http://127.0.0.1:9100/metrics' })),
  stolen(
    'options of ffmpeg in an address',
    watch({ url: "rtsp://10.0.0.3/'\noption protocol_whitelist file" }),
  ),
  stolen(
    'credentials of a camera sent elsewhere',
    watch({ url: 'rtsp://evil.example/', credentialsFile: '10.0.0.2' }),
  ),
  stolen(
    'credentials by their path',
    watch({ url: 'rtsp://10.0.0.3/', credentialsFile: '/etc/watchpost/door' }),
  ),
  stolen('keys nobody knows', { exec: 'reboot' }),
  stolen('a prototype', JSON.parse('{"__proto__": {"dataDir": "/tmp"}, "constructor": {}}') as Settings),
];

const moved: Plan = {
  name: 'stolen director key: a camera is moved, and its password would follow',
  isRefused: async (world) => {
    await isTaken(world, { cameraChanges: { door: { url: 'rtsp://evil.example/1' } } });
    const [door] = world.box.inForce().cameras;
    return door?.url === 'rtsp://evil.example/1' && door.credentialsFile === undefined;
  },
  isTaken: async (world) => {
    await isTaken(world, { cameraChanges: { door: { fps: 2 } } });
    return world.box.inForce().cameras[0]?.credentialsFile === '/etc/watchpost/door';
  },
};

/** What whoever writes settings, or holds the director's key, can make of a box. */
export const SETTINGS_FAMILY = createFamily({
  name: 'settings',
  open: openSettingsWorld,
  scope: 'shared',
  plans: [...FORGED, ...REPLAYED, ...STOLEN, moved],
});
