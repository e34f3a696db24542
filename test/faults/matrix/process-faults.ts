import { setTimeout as delay } from 'node:timers/promises';
import type { FaultWorld } from '../../support/fault-world.ts';
import { until } from '../../support/until.ts';
import type { FaultPlan } from './fault.ts';
import { killRestarted } from './update-faults.ts';

type Pids = (world: FaultWorld) => readonly number[];

const ffmpegs: Pids = (world) => world.box().ffmpegPids();
const inferences: Pids = (world) => world.box().inferencePids();

function signalAll(world: FaultWorld, pids: Pids, signal: NodeJS.Signals): void {
  const found = pids(world);
  if (found.length === 0) throw new Error('there is no such process');
  for (const pid of found) process.kill(pid, signal);
}

const signalled = (what: string, pids: Pids, signal: NodeJS.Signals): FaultPlan => ({
  name: `${signal} to ${what}`,
  mount: async (world) => {
    await until(`there is ${what}`, () => pids(world).length > 0);
    signalAll(world, pids, signal);
    return {};
  },
});

/** Processes that die and processes that stand still; nobody lets a stopped one go on. */
export function processPlans(): readonly FaultPlan[] {
  return [
    signalled('every ffmpeg', ffmpegs, 'SIGKILL'),
    signalled('every ffmpeg', ffmpegs, 'SIGSTOP'),
    signalled('one ffmpeg', (world) => ffmpegs(world).slice(0, 1), 'SIGKILL'),
    signalled('one ffmpeg', (world) => ffmpegs(world).slice(0, 1), 'SIGSTOP'),
    signalled('one ffmpeg', (world) => ffmpegs(world).slice(-1), 'SIGSEGV'),
    signalled('the inference process', inferences, 'SIGKILL'),
    signalled('the inference process', inferences, 'SIGSTOP'),
    signalled('the inference process', inferences, 'SIGSEGV'),
    signalled('the inference process', inferences, 'SIGABRT'),
    signalled('the agent', (world) => [world.box().life().pid], 'SIGTERM'),
    signalled('the agent', (world) => [world.box().life().pid], 'SIGABRT'),
    repeated('SIGKILL to the inference process, three times', inferences, 3),
    repeated('SIGKILL to every ffmpeg, three times', ffmpegs, 3),
    {
      name: 'SIGKILL to every child of the agent',
      mount: async (world) => {
        signalAll(world, ffmpegs, 'SIGKILL');
        signalAll(world, inferences, 'SIGKILL');
        return {};
      },
    },
    {
      name: 'SIGKILL to the agent',
      mount: async (world) => {
        await killRestarted(world.box());
        return {};
      },
    },
    stoppedAgent(3),
    stoppedAgent(12),
    bootLoop(6),
    ...[1, 2, 3].map((round) => duringUpdate('SIGKILL', round)),
    ...[1, 2].map((round) => duringUpdate('SIGSTOP', round)),
  ];
}

function repeated(name: string, pids: Pids, times: number): FaultPlan {
  return {
    name,
    mount: async (world) => {
      const seen = new Set<number>();
      for (let time = 0; time < times; time += 1) {
        await until(`${name}: a new one`, () => pids(world).some((pid) => !seen.has(pid)));
        for (const pid of pids(world)) {
          seen.add(pid);
          process.kill(pid, 'SIGKILL');
        }
      }
      return {};
    },
  };
}

function stoppedAgent(seconds: number): FaultPlan {
  return {
    name: `the agent stands still for ${seconds} s`,
    mount: async (world) => {
      const { pid } = world.box().life();
      process.kill(pid, 'SIGSTOP');
      await delay(seconds * 1000);
      process.kill(pid, 'SIGCONT');
      return {};
    },
  };
}

function bootLoop(times: number): FaultPlan {
  return {
    name: `kill -9 of the agent ${times} times as it starts`,
    mount: async (world) => {
      const box = world.box();
      for (let time = 0; time < times; time += 1) {
        const lives = box.lives();
        await killRestarted(box);
        await until('the agent is started again', () => box.lives() > lives);
        await delay(world.random() * 1_500);
      }
      return {};
    },
  };
}

/** Whichever inference process there is at the time: champion, self-test or challenger. */
function duringUpdate(signal: NodeJS.Signals, round: number): FaultPlan {
  return {
    name: `${signal} to every inference process at random moment ${round} of an update`,
    mount: async (world) => {
      const deploymentId = await world.deploy(await world.fresh());
      await delay(world.random() * 3_000);
      signalAll(world, inferences, signal);
      return { deploymentId };
    },
  };
}
