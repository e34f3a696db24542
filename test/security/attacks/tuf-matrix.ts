import { formatExpires, type TufSigned } from '../../../shared/src/trust/tuf-metadata.ts';
import { DAY_MS, GENUINE, serveForgery, serveRoot, type TrustWorld } from '../../support/tuf-world.ts';
import { type AttackPlan, isDone, isRefusedWith } from './attack.ts';

type Plan = AttackPlan<TrustWorld>;
/** Of three keys, old and new, so many must sign a root. */
const THRESHOLD = 2;

async function followRoot(world: TrustWorld, newKeys: number, oldKeys: number): Promise<void> {
  await world.install();
  await serveRoot(world, (fresh, old) => [...fresh.slice(0, newKeys), ...old.slice(0, oldKeys)]);
  await world.install();
}

/** Every way to sign a root with too few keys of one side or of both. */
const rotation = (newKeys: number, oldKeys: number): Plan => ({
  name: `root rotation: ${newKeys} new keys and ${oldKeys} old ones sign, 2 and 2 must`,
  isRefused: (world) => isRefusedWith(['TRUST_INVALID'], followRoot(world, newKeys, oldKeys)),
  isTaken: (world) => isDone(followRoot(world, THRESHOLD, THRESHOLD)),
});

const COUNTS = [0, 1, 2, 3];
const ROTATIONS = COUNTS.flatMap((newKeys) =>
  COUNTS.filter((oldKeys) => newKeys < THRESHOLD || oldKeys < THRESHOLD).map((oldKeys) =>
    rotation(newKeys, oldKeys),
  ),
);

const isOver = (signed: TufSigned): TufSigned => ({ ...signed, expires: formatExpires(Date.now() - DAY_MS) });

const frozen = (role: 'snapshot' | 'timestamp', edit: 'editSnapshot' | 'editTimestamp'): Plan => ({
  name: `freeze of ${role} alone: it expired`,
  isRefused: async (world) => {
    await world.install();
    await serveForgery(world, { [edit]: isOver });
    return isRefusedWith(['TRUST_EXPIRED'], world.install());
  },
  isTaken: async (world) => {
    await world.install();
    world.ceremony.clock.nowMs += 2 * DAY_MS;
    world.clock.nowMs = world.ceremony.clock.nowMs;
    await world.ceremony.repository.refresh();
    return isDone(world.install(GENUINE));
  },
});

export const MATRIX_PLANS: readonly Plan[] = [
  ...ROTATIONS,
  frozen('snapshot', 'editSnapshot'),
  frozen('timestamp', 'editTimestamp'),
];
