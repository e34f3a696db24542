import { createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { createJwsOrderReader } from '../../../agent/src/trust/jws-order.ts';
import { createSqliteTrustMarks } from '../../../agent/src/trust/sqlite-trust-marks.ts';
import { bindOrders, createTufDirectorKeys } from '../../../agent/src/trust/tuf-director-keys.ts';
import { createTufTrust } from '../../../agent/src/trust/tuf-trust.ts';
import { silentLogger } from '../../../shared/src/kernel/log.ts';
import { signOrder } from '../../support/test-order.ts';
import { makeKey } from '../../support/tuf-ceremony.ts';
import { GENUINE, orderOf, type TrustWorld } from '../../support/tuf-world.ts';
import { type AttackPlan, isDone, isRefusedWith } from './attack.ts';

type Plan = AttackPlan<TrustWorld>;
const REFUSED = ['ORDER_INVALID'];
const [OLD, NEW, ROGUE] = [makeKey(), makeKey(), makeKey()];

/** Lets the box judge an order by `signer`, as after a restart; `told` is the key its server names. */
async function obey(world: TrustWorld, signer: KeyObject, told: KeyObject): Promise<void> {
  const { ceremony, clock, dataDir, mirror } = world;
  const trust = createTufTrust({
    dataDir,
    bootstrapRoot: Buffer.from(await ceremony.rootFile()),
    source: mirror.source,
    marks: createSqliteTrustMarks({ path: join(dataDir, 'trust.sqlite'), log: silentLogger }),
    clock: { wallMs: () => clock.nowMs },
  });
  const directorKeys = createTufDirectorKeys({
    trust,
    told: { list: async () => [createPublicKey(told)] },
    log: silentLogger,
  });
  const box = bindOrders(createJwsOrderReader({ deviceId: 'gate-3', directorKeys }), trust);
  const order = await box.orders.read(await signOrder(orderOf(GENUINE), signer));
  await box.trust.verify(order, AbortSignal.timeout(20_000));
}

/** People sign whose orders count. */
async function announce({ ceremony }: TrustWorld, key: KeyObject): Promise<void> {
  const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  await ceremony.repository.announceDirector([pem]);
  await ceremony.sign('targets', ceremony.ring.targets);
}

async function isListedKeyObeyed(world: TrustWorld): Promise<boolean> {
  await announce(world, OLD);
  await obey(world, OLD, OLD);
  await announce(world, NEW);
  return isDone(obey(world, NEW, OLD));
}

/** Who gives orders is signed by people too. */
export const DIRECTOR_PLANS: readonly Plan[] = [
  {
    name: 'stolen director key: it signs on after people replaced it',
    isRefused: async (world) => {
      await announce(world, OLD);
      await obey(world, OLD, OLD);
      await announce(world, NEW);
      return isRefusedWith(REFUSED, obey(world, OLD, OLD));
    },
    isTaken: isListedKeyObeyed,
  },
  {
    name: 'stolen server: it tells the box a director of its own',
    isRefused: async (world) => {
      await announce(world, OLD);
      await obey(world, OLD, OLD);
      return isRefusedWith(REFUSED, obey(world, ROGUE, ROGUE));
    },
    isTaken: isListedKeyObeyed,
  },
];
