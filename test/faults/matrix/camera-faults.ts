import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { CameraMode } from '../../support/fault-camera.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import { until } from '../../support/until.ts';
import type { FaultPlan } from './fault.ts';

/** What the fleet is told of a camera that fails so; undefined: too short to be told from a still scene. */
const TOLD: Readonly<Record<Exclude<CameraMode, 'moving'>, readonly string[] | undefined>> = {
  silent: ['stalled', 'offline'],
  black: ['covered'],
  rubbish: ['stalled', 'offline'],
  refusing: ['offline'],
  'hanging up': ['offline'],
  frozen: undefined,
};
const TELL_LIMIT_MS = 30_000;
const FROZEN_MS = 15_000;

/** A camera that fails, is told of, and works again; the other one flows on meanwhile. */
export function cameraPlans(): readonly FaultPlan[] {
  const modes = Object.entries(TOLD).map(
    ([mode, told]): FaultPlan => ({
      name: `the camera is ${mode}`,
      mount: async (world) => {
        const sinceMs = performance.now();
        world.camera.set(mode as CameraMode);
        try {
          if (told === undefined) await delay(FROZEN_MS);
          else await untilTold(world, 'street', told);
          await requireOther(world, 'clip', sinceMs);
        } finally {
          world.camera.set('moving');
        }
        return {};
      },
    }),
  );
  return [
    ...modes,
    {
      name: 'the camera hangs up every second, ten times',
      mount: async (world) => {
        for (let time = 0; time < 10; time += 1) {
          world.camera.set('hanging up');
          await delay(200);
          world.camera.set('moving');
          await delay(800);
        }
        return {};
      },
    },
    brokenClip('is gone', (path) => rm(path)),
    brokenClip('holds text', (path) => writeFile(path, 'no video\n'.repeat(1000))),
    brokenClip('is empty', (path) => writeFile(path, '')),
  ];
}

/** The file of the other camera, seen when it is opened the next time. */
function brokenClip(what: string, breakIt: (path: string) => Promise<void>): FaultPlan {
  return {
    name: `the file of a camera ${what}`,
    mount: async (world) => {
      const aside = `${world.clip}.aside`;
      await copyFile(world.clip, aside);
      await rm(world.clip);
      await breakIt(world.clip).catch(() => undefined);
      for (const pid of world.box().ffmpegPids()) process.kill(pid, 'SIGKILL');
      await untilTold(world, 'clip', ['offline', 'stalled']);
      await rename(aside, world.clip);
      return {};
    },
  };
}

async function untilTold(world: FaultWorld, camera: string, told: readonly string[]): Promise<void> {
  await until(
    `the fleet is told that camera ${camera} is ${told.join(' or ')}`,
    async () => {
      const { cameras } = await world.server.device(world.box().id);
      return told.includes(cameras.find(({ id }) => id === camera)?.status?.condition ?? '');
    },
    TELL_LIMIT_MS,
  );
}

async function requireOther(world: FaultWorld, camera: string, sinceMs: number): Promise<void> {
  await until(`camera ${camera} flows meanwhile`, () => world.box().flowing(sinceMs).includes(camera));
}
