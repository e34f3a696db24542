import { setTimeout as delay } from 'node:timers/promises';
import type { FaultWorld } from '../../support/fault-world.ts';
import { until } from '../../support/until.ts';
import type { FaultPlan } from './fault.ts';

const DAY_RATE = 8_640;
const FLOW_LIMIT_MS = 15_000;

/** Cameras flow while the fault lasts, too. */
export async function untilFlowing(world: FaultWorld, when: string): Promise<void> {
  const sinceMs = performance.now();
  await until(
    `frames flow ${when}`,
    () => world.box().flowing(sinceMs).length === world.cameraIds.length,
    FLOW_LIMIT_MS,
  );
}

/** The server and its broker, which are one process. */
export function fleetPlans(): readonly FaultPlan[] {
  return [
    serverDown('killed', (world) => world.server.kill()),
    serverDown('stopped', (world) => world.server.stop()),
    {
      name: 'the server is killed again and again while it stores',
      mount: async (world) => {
        for (let time = 0; time < 4; time += 1) {
          await delay(world.random() * 1_500);
          await world.server.kill();
          await world.server.start();
        }
        return {};
      },
    },
    {
      name: 'the server stands still for 8 s',
      mount: async (world) => {
        const { pid } = world.server.program();
        process.kill(pid, 'SIGSTOP');
        await untilFlowing(world, 'while the server stands still');
        await delay(6_000);
        process.kill(pid, 'SIGCONT');
        return {};
      },
    },
    {
      name: 'the agent starts while there is no server',
      mount: async (world) => {
        await world.server.kill();
        await world.box().restart();
        await untilFlowing(world, 'without a server');
        await world.server.start();
        return {};
      },
    },
    {
      name: 'server and agent are killed at once',
      mount: async (world) => {
        const { pid } = world.box().life();
        process.kill(pid, 'SIGKILL');
        await world.server.kill();
        await world.server.start();
        return {};
      },
    },
    {
      name: 'server and broker are down for a day by the clock of the box',
      mount: async (world) => {
        const life = world.box().life();
        await world.server.kill();
        await life.order({ kind: 'clock', offsetMs: 0, rate: DAY_RATE });
        await delay(10_000);
        await untilFlowing(world, 'after a day without a server');
        await world.server.start();
        await life.order({ kind: 'clock', offsetMs: 0, rate: 1 });
        return {};
      },
    },
    ...[1, 2, 3, 4].map(killedDuringUpdate),
    {
      name: 'an order is replaced by another one while it is carried out',
      mount: async (world) => {
        await world.deploy(await world.fresh());
        await delay(world.random() * 2_000);
        const [first, second] = world.good;
        const { activeBundle } = await world.server.device(world.box().id);
        const next = activeBundle?.digest === first?.digest ? second : first;
        if (next === undefined) throw new Error('the world has no two models');
        return { deploymentId: await world.deploy(next) };
      },
    },
  ];
}

function serverDown(how: string, end: (world: FaultWorld) => Promise<void>): FaultPlan {
  return {
    name: `the server is ${how} and comes back`,
    mount: async (world) => {
      await end(world);
      await untilFlowing(world, 'without a server');
      await world.server.start();
      return {};
    },
  };
}

function killedDuringUpdate(round: number): FaultPlan {
  return {
    name: `the server is killed at random moment ${round} of an update`,
    mount: async (world) => {
      const deploymentId = await world.deploy(await world.fresh());
      await delay(world.random() * 2_500);
      await world.server.kill();
      await delay(2_000);
      await world.server.start();
      return { deploymentId };
    },
  };
}
