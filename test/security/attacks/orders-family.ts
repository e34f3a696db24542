import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { ORDER_TOKEN_TYPE, type Order } from '@watchpost/shared/trust/order.ts';
import { CompactSign } from 'jose';
import { makeKeyPair, type TestBundle } from '../../support/test-bundle.ts';
import { signOrder } from '../../support/test-order.ts';
import { DIRECTOR } from '../../support/updated-box.ts';
import { type AttackPlan, createFamily } from './attack.ts';
import { type BoxWorld, isDeployed, isIgnored, isStopped, openBoxWorld, release } from './box-world.ts';

type Plan = AttackPlan<BoxWorld>;
const isTaken = (world: BoxWorld): Promise<boolean> => isDeployed(world);

/** Nothing of it is begun. */
const forged = (name: string, sign: (order: Order, world: BoxWorld) => Promise<string>): Plan => ({
  name,
  isRefused: async (world) => {
    const order = await world.forge(await release(world));
    return isIgnored(world, await sign(order, world), order.deploymentId);
  },
  isTaken,
});

const byDirector = (order: object): Promise<string> => signOrder(order as Order, DIRECTOR.privateKey);

const FORGED: readonly Plan[] = [
  forged('an order signed with a foreign key', (order) => signOrder(order, makeKeyPair().privateKey)),
  forged('an order that names the key of the director and is signed with another', async (order) => {
    const header = { alg: 'EdDSA', typ: ORDER_TOKEN_TYPE, kid: computeKeyId(DIRECTOR.publicKey) };
    return new CompactSign(Buffer.from(JSON.stringify(order)))
      .setProtectedHeader(header)
      .sign(makeKeyPair().privateKey);
  }),
  forged('an order without a signature', async (order) => {
    const header = { alg: 'none', typ: ORDER_TOKEN_TYPE, kid: computeKeyId(DIRECTOR.publicKey) };
    return `${[header, order].map(toPart).join('.')}.`;
  }),
  forged('an order whose key is the public key of the director as a password', async (order) => {
    const header = { alg: 'HS256', typ: ORDER_TOKEN_TYPE, kid: computeKeyId(DIRECTOR.publicKey) };
    return new CompactSign(Buffer.from(JSON.stringify(order)))
      .setProtectedHeader(header)
      .sign(DIRECTOR.publicKey.export({ type: 'spki', format: 'der' }));
  }),
  forged('an order changed after it was signed', async (order) => {
    const [head, , signature] = (await byDirector({ ...order, deploymentId: 'another' })).split('.');
    return [head, toPart(order), signature].join('.');
  }),
  forged('another token of the director taken for an order', (order) =>
    signOrder(order, DIRECTOR.privateKey, 'JWT'),
  ),
  forged('an order for another device', (order) => byDirector({ ...order, deviceId: 'gate-4' })),
  forged('unsafe integers: the counter of an order beyond 2^53', (order) =>
    byDirector({ ...order, counter: 2 ** 53 }),
  ),
  forged('unsafe integers: the counter of an order is no whole number', (order) =>
    byDirector({ ...order, counter: 1.5 }),
  ),
  forged('an order with a field nobody knows', (order) => byDirector({ ...order, force: true })),
];

const toPart = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const replayed = (when: string, then: (world: BoxWorld) => Promise<void>): Plan => ({
  name: `a replayed order, ${when}`,
  isRefused: async (world) => {
    const { token } = await world.deploy(await release(world));
    const [, payload = ''] = token.split('.');
    const { deploymentId } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Order;
    await world.deploy(await release(world));
    await then(world);
    return isIgnored(world, token, deploymentId);
  },
  // Going back to an older model is a new order, and no replay.
  isTaken: async (world) => {
    const old = await release(world);
    await isDeployed(world, old);
    await isDeployed(world);
    return isDeployed(world, old);
  },
});

const REPLAYED: readonly Plan[] = [
  replayed('while the agent runs', async () => undefined),
  replayed('after a restart', ({ box }) => box.restart()),
  replayed('after the records of deployments were damaged', async ({ box, dataDir }) => {
    await box.stop();
    await writeFile(join(dataDir, 'deployment.json'), '{"deploymentId":');
    await box.restart();
  }),
];

/** The director's key is stolen: it may choose among what the signers released, for this box, and nothing else. */
const stolen = (
  name: string,
  reasons: readonly string[],
  make: (world: BoxWorld) => Promise<{ readonly bundle: TestBundle; readonly change?: Partial<Order> }>,
): Plan => ({
  name: `stolen director key: ${name}`,
  isRefused: async (world) => {
    const { bundle, change } = await make(world);
    return isStopped(world, await world.forge(bundle, change), reasons);
  },
  isTaken,
});

async function publishUnsigned(world: BoxWorld): Promise<TestBundle> {
  const bundle = world.makeBundle();
  await world.publish(bundle);
  return bundle;
}

const STOLEN: readonly Plan[] = [
  stolen('arbitrary installation of a bundle nobody released', ['TARGET_UNKNOWN'], async (world) => ({
    bundle: await publishUnsigned(world),
  })),
  stolen(
    'wrong software under the name of a released bundle',
    ['ORDER_INVALID', 'TARGET_MISMATCH'],
    async (world) => {
      const genuine = await release(world);
      const evil = world.makeBundle({ version: genuine.manifest.version });
      world.artifacts.publish(evil);
      return { bundle: evil };
    },
  ),
  stolen(
    'mix-and-match: the name of one release, the content of another',
    ['ORDER_INVALID'],
    async (world) => {
      const [one, other] = [await release(world), await release(world)];
      return { bundle: one, change: { target: `models/pets/${other.manifest.version}` } };
    },
  ),
  stolen('a bundle that was withdrawn', ['TARGET_UNKNOWN'], async (world) => {
    const bundle = await release(world);
    const target = `models/pets/${bundle.manifest.version}`;
    await world.ceremony.repository.changeTarget({ kind: 'remove', target });
    await world.ceremony.sign('models', world.ceremony.ring.models);
    return { bundle };
  }),
  stolen(
    'a released bundle with another release counter',
    ['ORDER_INVALID', 'TARGET_MISMATCH'],
    async (world) => ({
      bundle: await release(world),
      change: { releaseCounter: 99 },
    }),
  ),
  stolen('a released bundle with another length', ['ORDER_INVALID', 'TARGET_MISMATCH'], async (world) => ({
    bundle: await release(world),
    change: { length: 7 },
  })),
  stolen('a bundle for other hardware', ['BUNDLE_UNFIT'], async (world) => ({
    bundle: await release(world, { manifest: { requires: { arch: ['riscv64'] } } }),
  })),
  stolen('an order that has expired', ['ORDER_INVALID'], async (world) => ({
    bundle: await release(world),
    change: { expiresMs: Date.now() - 1 },
  })),
];

/** What the director, and whoever speaks for it, can make a box do. */
export const ORDERS_FAMILY = createFamily({
  name: 'orders',
  open: openBoxWorld,
  scope: 'shared',
  plans: [...FORGED, ...REPLAYED, ...STOLEN],
});
