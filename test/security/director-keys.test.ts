import assert from 'node:assert/strict';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { createJwsOrderReader } from '../../agent/src/trust/jws-order.ts';
import { createSqliteTrustMarks } from '../../agent/src/trust/sqlite-trust-marks.ts';
import { bindOrders, createTufDirectorKeys } from '../../agent/src/trust/tuf-director-keys.ts';
import { createTufTrust } from '../../agent/src/trust/tuf-trust.ts';
import { createListedOrderSigner } from '../../fleet-server/src/rollouts/listed-order-signer.ts';
import { draftNext } from '../../fleet-server/src/trust/drafts.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import {
  DIRECTOR_TARGET,
  makeDirectorTarget,
  nameDirectorKey,
} from '../../shared/src/trust/director-target.ts';
import { signOrder } from '../support/test-order.ts';
import { makeKey, signWith } from '../support/tuf-ceremony.ts';
import {
  createTrustWorld,
  DAY_MS,
  GENUINE,
  orderOf,
  serveForgery,
  type TrustWorld,
  targetsOf,
} from '../support/tuf-world.ts';

const pemOf = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
const refused = { code: 'ORDER_INVALID', message: /not signed by this fleet's director/ };
const [OLD, NEW, ROGUE] = [makeKey(), makeKey(), makeKey()];

let world: TrustWorld;
/** What the server told the box at enrolment or renewal. */
let told: readonly KeyObject[];
let isOnline: boolean;
let looks: number;
beforeEach(async () => {
  world = await createTrustWorld();
  [told, isOnline, looks] = [[OLD], true, 0];
});
afterEach(() => world.close());

/** The box after a restart. */
async function startBox({ ceremony, mirror } = world) {
  const trust = createTufTrust({
    dataDir: world.dataDir,
    bootstrapRoot: Buffer.from(await ceremony.rootFile()),
    source: async (name, maxBytes, signal) => {
      if (name === 'timestamp.json') looks += 1;
      if (!isOnline) throw agentError('SERVER_UNREACHABLE', 'the line is dead');
      return mirror.source(name, maxBytes, signal);
    },
    marks: createSqliteTrustMarks({ path: join(world.dataDir, 'trust.sqlite'), log: silentLogger }),
    clock: { wallMs: () => world.clock.nowMs },
  });
  const directorKeys = createTufDirectorKeys({
    trust,
    told: { list: async () => told.map((key) => createPublicKey(key)) },
    log: silentLogger,
  });
  return bindOrders(createJwsOrderReader({ deviceId: 'gate-3', directorKeys }), trust);
}

const orderBy = (key: KeyObject): Promise<string> => signOrder(orderOf(GENUINE), key);

async function install(token: string): Promise<void> {
  const { orders, trust } = await startBox();
  await trust.verify(await orders.read(token), AbortSignal.timeout(20_000));
}

const hear = async (token: string): Promise<unknown> => (await startBox()).orders.read(token);

/** People sign the list. */
async function announce(...keys: readonly KeyObject[]): Promise<void> {
  const { repository, sign, ring } = world.ceremony;
  await repository.announceDirector(keys.map(pemOf));
  await sign('targets', ring.targets);
}

const signerOf = (...privateKeys: readonly KeyObject[]) =>
  createListedOrderSigner({
    privateKeys,
    listKeyIds: async () => (await world.ceremony.repository.directorKeys())?.map(nameDirectorKey),
  });

test('a key follows another: the server signs with the new one once it is published, and boxes take it', async () => {
  const sign = signerOf(NEW, OLD);
  await install(await orderBy(OLD));
  await announce(OLD);
  await install(await orderBy(OLD));
  // Made, but not published: a box could not know it.
  const byOld = await sign(orderOf(GENUINE));
  await install(byOld);
  assert.equal(byOld, await orderBy(OLD));
  await announce(NEW, OLD);
  const byNew = await sign(orderOf(GENUINE));
  assert.equal(byNew, await orderBy(NEW));
  looks = 0;
  await hear(byNew);
  assert.equal(looks, 1, 'the box looked for the key once');
  await install(byNew);
  await install(byOld);
});

test('a fleet that never published a list goes on with what boxes were told, signed by the newest', async () => {
  assert.equal(await signerOf(NEW, OLD)(orderOf(GENUINE)), await orderBy(NEW));
  told = [NEW, OLD];
  await install(await orderBy(NEW));
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
});

test('a server that tells a key of its own at renewal gives no order', async () => {
  await announce(OLD);
  await install(await orderBy(OLD));
  told = [ROGUE, OLD];
  looks = 0;
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
  assert.equal(looks, 1, 'the box looked for the key once');
  isOnline = false;
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
});

test('a box that was told of a false key before it saw any metadata installs nothing for it', async () => {
  await announce(OLD);
  told = [ROGUE];
  await assert.rejects(install(await orderBy(ROGUE)), refused);
  await install(await orderBy(OLD));
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
});

test('a key that was withdrawn gives no order, even one that a box took before', async () => {
  await announce(NEW, OLD);
  await install(await orderBy(OLD));
  await announce(NEW);
  await assert.rejects(install(await orderBy(OLD)), refused);
  await assert.rejects(hear(await orderBy(OLD)), refused);
  await install(await orderBy(NEW));
  await assert.rejects(signerOf(OLD)(orderOf(GENUINE)), {
    code: 'TRUST_REFUSED',
    message: /director announce/,
  });
});

test('a box without a line takes orders by the last list, after a restart and when the metadata have expired', async () => {
  await announce(OLD);
  await install(await orderBy(OLD));
  told = [];
  isOnline = false;
  world.clock.nowMs += 400 * DAY_MS;
  await hear(await orderBy(OLD));
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
});

test('a list that was published is never gone: the server stages no such targets, boxes trust none', async () => {
  await announce(OLD);
  await install(await orderBy(OLD));
  const { ring, clock, repository } = world.ceremony;
  const signed = { ...draftNext('targets', await targetsOf(world.ceremony), clock.nowMs), targets: {} };
  const metadata = signWith(signed, ring.targets);
  await assert.rejects(repository.stage([{ role: 'targets', metadata }]), {
    code: 'TRUST_REFUSED',
    message: /can only change/,
  });
  await serveForgery(world, { documents: { targets: metadata } });
  await assert.rejects(install(await orderBy(OLD)), { code: 'TRUST_INVALID', message: /has seen one/ });
  told = [ROGUE];
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
});

test('a list that too few people signed counts for nothing', async () => {
  await announce(OLD);
  await install(await orderBy(OLD));
  const { ring, clock } = world.ceremony;
  const targets = draftNext('targets', await targetsOf(world.ceremony), clock.nowMs);
  const signed = { ...targets, targets: { [DIRECTOR_TARGET]: makeDirectorTarget([pemOf(ROGUE)]) } };
  await serveForgery(world, { documents: { targets: signWith(signed, ring.targets.slice(0, 1)) } });
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
  await hear(await orderBy(OLD));
});

test('a list the models role names counts for nothing, and no list with a false digest is staged', async () => {
  const { newest, ring, clock, repository } = world.ceremony;
  const models = draftNext('models', await newest('models'), clock.nowMs);
  assert.equal(models._type, 'targets');
  const target = makeDirectorTarget([pemOf(ROGUE)]);
  const named = { ...models, targets: { [DIRECTOR_TARGET]: target } };
  await assert.rejects(repository.stage([{ role: 'models', metadata: { signed: named, signatures: [] } }]), {
    code: 'TRUST_REFUSED',
    message: /is outside of/,
  });
  await serveForgery(world, { documents: { models: signWith(named, ring.models) } });
  await assert.rejects(hear(await orderBy(ROGUE)), refused);
  const targets = draftNext('targets', await targetsOf(world.ceremony), clock.nowMs);
  const wrong = { ...targets, targets: { [DIRECTOR_TARGET]: { ...target, length: 1 } } };
  await assert.rejects(repository.stage([{ role: 'targets', metadata: { signed: wrong, signatures: [] } }]), {
    code: 'TRUST_REFUSED',
    message: /length and digest/,
  });
});

test('orders that are read while a bundle is checked disturb nothing', async () => {
  await announce(OLD);
  const { orders, trust } = await startBox();
  const order = await orders.read(await orderBy(OLD));
  const forged = await orderBy(ROGUE);
  await Promise.all([
    trust.verify(order, AbortSignal.timeout(20_000)),
    ...[1, 2, 3].map(() => assert.rejects(orders.read(forged), refused)),
  ]);
});

test('a box that is given the root of another fleet begins anew, without the list of the old one', async () => {
  await announce(OLD);
  await install(await orderBy(OLD));
  told = [NEW];
  const other = await createTrustWorld();
  for (const _restart of [1, 2]) {
    const { orders, trust } = await startBox(other);
    await trust.verify(await orders.read(await orderBy(NEW)), AbortSignal.timeout(20_000));
  }
  await other.close();
  await assert.rejects(hear(await orderBy(NEW)), refused);
});
