import { TUF_ATTACKS, type TufAttack } from '../../support/tuf-attacks.ts';
import { createTrustWorld, GENUINE, type TrustWorld } from '../../support/tuf-world.ts';
import { type AttackPlan, createFamily, isDone, isRefusedWith } from './attack.ts';
import { DIRECTOR_PLANS } from './director-plans.ts';
import { MATRIX_PLANS } from './tuf-matrix.ts';
import { RECOVERY_PLANS } from './tuf-recovery.ts';
import { rotateRoot } from './tuf-rotation.ts';

/** Attacks on the metadata a box follows; its mirror, and stolen keys, are the attacker's. */
const toPlan = ({ name, mount, orders = GENUINE, refusedWith }: TufAttack): AttackPlan<TrustWorld> => ({
  name,
  isRefused: async (world) => {
    await world.install();
    await mount(world);
    return isRefusedWith([refusedWith], world.install(orders));
  },
  isTaken: async (world) => {
    await world.install();
    if (/\broot\b/.test(name)) await rotateRoot(world.ceremony);
    // A clock that was never set is no reason to refuse what is fresh.
    if (name.includes('1970')) world.clock.nowMs = 0;
    return isDone(followRelease(world));
  },
});

/** What every attack on metadata imitates: a new bundle that the right people signed. */
async function followRelease(world: TrustWorld): Promise<void> {
  const next = { ...GENUINE, target: 'models/pets/2.0.0', sha256: 'b'.repeat(64), releaseCounter: 4 };
  await world.ceremony.release(next);
  await world.install(next);
}

export const TUF_FAMILY = createFamily({
  name: 'metadata',
  open: createTrustWorld,
  scope: 'fresh',
  plans: [...TUF_ATTACKS.map(toPlan), ...DIRECTOR_PLANS, ...MATRIX_PLANS, ...RECOVERY_PLANS],
});
