import type { FaultOrder } from '../../support/fault-orders.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import type { FaultPlan } from './fault.ts';
import { untilFlowing } from './fleet-faults.ts';

const DAY_MS = 86_400_000;
const STEPS: Readonly<Record<string, () => number>> = {
  'a day ahead': () => DAY_MS,
  'a day behind': () => -DAY_MS,
  'in 1970': () => -Date.now(),
  'ten years ahead': () => 3_650 * DAY_MS,
};
const RIGHT: FaultOrder = { kind: 'clock', offsetMs: 0, rate: 1 };

/** A wall clock that is wrong, and then set right, as a time server does. */
export function clockPlans(): readonly FaultPlan[] {
  return Object.entries(STEPS).flatMap(([where, offset]) => {
    const wrong = (): FaultOrder => ({ kind: 'clock', offsetMs: offset(), rate: 1 });
    return [
      {
        name: `the clock steps while the agent runs: ${where}`,
        mount: async (world: FaultWorld) => {
          await order(world, wrong());
          await untilFlowing(world, 'by a wrong clock');
          await order(world, RIGHT);
          return {};
        },
      },
      {
        name: `the agent starts with a clock that is ${where}`,
        mount: async (world: FaultWorld) => {
          await world.box().restart({ orders: [wrong()] });
          await untilFlowing(world, 'by a wrong clock');
          await order(world, RIGHT);
          return {};
        },
      },
      {
        name: `an update is ordered while the clock is ${where}`,
        mount: async (world: FaultWorld) => {
          await order(world, wrong());
          const deploymentId = await world.deploy(await world.fresh());
          await untilFlowing(world, 'by a wrong clock');
          await order(world, RIGHT);
          return { deploymentId };
        },
      },
    ];
  });
}

async function order(world: FaultWorld, what: FaultOrder): Promise<void> {
  await world.box().life().order(what);
}
