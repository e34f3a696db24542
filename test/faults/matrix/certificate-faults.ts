import type { FaultOrder } from '../../support/fault-orders.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import type { FaultPlan } from './fault.ts';
import { untilFlowing } from './fleet-faults.ts';

const DAY_MS = 86_400_000;
/** Certificates of boxes hold 30 days. */
const LIFE_DAYS = 30;

/** A fleet with TLS whose box was off, or away, while its certificate came to its end. */
export function certificatePlans(): readonly FaultPlan[] {
  return [
    {
      name: 'the certificate of the box expired while it was off',
      mount: async (world) => {
        await world.box().stop();
        await certifyInThePast(world, LIFE_DAYS + 10);
        await world.box().start();
        return {};
      },
    },
    {
      name: 'the certificate of the box expired while there was no server',
      mount: async (world) => {
        await world.box().stop();
        await certifyInThePast(world, LIFE_DAYS + 10);
        await world.server.kill();
        await world.box().start();
        await untilFlowing(world, 'with an expired certificate and no server');
        await world.server.start();
        return {};
      },
    },
    {
      name: 'the certificate of the box is due, and the agent is killed while it renews it',
      mount: async (world) => {
        await world.box().stop();
        await certifyInThePast(world, LIFE_DAYS - 5);
        await world.box().start();
        const life = world.box().life();
        await life.logged('begins', () => true, 20_000);
        process.kill(life.pid, 'SIGKILL');
        await life.exited;
        return {};
      },
    },
    {
      name: 'an update is ordered for a box whose certificate expired',
      mount: async (world) => {
        await world.box().stop();
        await certifyInThePast(world, LIFE_DAYS + 1);
        const deploymentId = await world.deploy(await world.fresh());
        await world.box().start();
        return { deploymentId };
      },
    },
    {
      name: 'the server makes itself a new certificate at its start',
      mount: async (world) => {
        await world.server.stop();
        await world.server.start();
        return {};
      },
    },
  ];
}

/** The server certifies the box by a clock that is `days` behind; then both clocks are right. */
async function certifyInThePast(world: FaultWorld, days: number): Promise<void> {
  const past: FaultOrder = { kind: 'clock', offsetMs: -days * DAY_MS, rate: 1 };
  await world.server.stop();
  await world.server.start([past]);
  await world.enrolAgain();
  await world.server.stop();
  await world.server.start();
}
