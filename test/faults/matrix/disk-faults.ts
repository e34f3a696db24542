import { randomUUID } from 'node:crypto';
import { mkdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { computeKeptFree } from '../../../agent/src/evidence/plan-removal.ts';
import type { SmallDisk } from '../../support/fault-disk.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import { until } from '../../support/until.ts';
import type { FaultPlan } from './fault.ts';
import { untilFlowing } from './fleet-faults.ts';
import { killIdle } from './state-faults.ts';
import type { Survey, UpdatePoint } from './survey.ts';
import { traceOf } from './update-faults.ts';

/** Longer than the pause between two tries of the outbox. */
const FULL_MS = 4_000;
const HALT_LIMIT_MS = 60_000;
const PICTURE_BYTES = 256 * 1024;

/** A real disk, really full or read-only; `disk answers` gives the same answers where none may be mounted. */
export function diskPlans({ points }: Survey): readonly FaultPlan[] {
  const halts = points.filter(({ name }) => /^rename (deployment|slots|active)\S* \(\S+\.json\)$/.test(name));
  return [
    {
      name: 'the disk is full for a while',
      mount: (world) =>
        whileFull(world, async () => {
          await untilFlowing(world, 'while the disk is full');
          await delay(FULL_MS);
        }),
    },
    {
      name: 'the agent starts on a full disk',
      mount: async (world) => {
        await killIdle(world);
        return whileFull(world, async () => {
          await world.box().start();
          await untilFlowing(world, 'on a full disk');
        });
      },
    },
    {
      name: 'an update is ordered while the disk is full',
      mount: async (world) => {
        let deploymentId = '';
        await whileFull(world, async () => {
          deploymentId = await world.deploy(await world.fresh());
          await delay(FULL_MS);
        });
        return { deploymentId };
      },
    },
    {
      name: 'an update is ordered where pictures of sightings fill the disk',
      mount: async (world) => {
        await killIdle(world);
        await fillWithPictures(world);
        await world.box().start();
        await untilFlowing(world, 'beside many pictures');
        return { deploymentId: await world.deploy(await world.fresh()), ends: ['success'] };
      },
    },
    startedReadOnly('that was killed', killIdle),
    startedReadOnly('that was stopped in order', (world) => world.box().stop()),
    ...halts.map((point) => fullAt(point)),
  ];
}

/** As far as an agent fills it: until what it keeps free for the rest of the box. */
async function fillWithPictures(world: FaultWorld): Promise<void> {
  const { path } = requireDisk(world);
  const jpeg = Buffer.alloc(PICTURE_BYTES, 1);
  jpeg.set([0xff, 0xd8]);
  jpeg.set([0xff, 0xd9], PICTURE_BYTES - 2);
  const day = join(world.box().dataDir, 'evidence', '2026-01-01');
  for (;;) {
    const { bavail, blocks, bsize } = await statfs(path);
    if (bavail * bsize < computeKeptFree(blocks * bsize) + PICTURE_BYTES) return;
    const sighting = join(day, randomUUID());
    await mkdir(sighting, { recursive: true });
    await writeFile(join(sighting, '01_0.jpg'), jpeg);
  }
}

function startedReadOnly(which: string, end: (world: FaultWorld) => Promise<void>): FaultPlan {
  return {
    name: `an agent ${which} starts on a read-only disk`,
    mount: async (world) => {
      const disk = requireDisk(world);
      await end(world);
      disk.setWritable(false);
      try {
        await world.box().start();
        await untilFlowing(world, 'on a read-only disk');
      } finally {
        disk.setWritable(true);
      }
      return {};
    },
  };
}

function requireDisk(world: FaultWorld): SmallDisk {
  const disk = world.disk();
  if (disk === undefined) throw new Error('no disk can be mounted here (root is needed)');
  return disk;
}

async function whileFull(world: FaultWorld, work: () => Promise<void>): Promise<Record<string, never>> {
  const disk = requireDisk(world);
  disk.fill();
  try {
    await work();
  } finally {
    disk.empty();
  }
  return {};
}

/** The agent is halted at the point, the disk filled up, and the agent let go on. */
function fullAt(point: UpdatePoint): FaultPlan {
  const where =
    point.phase === undefined
      ? `${point.name}, time ${point.nth}`
      : `record ${point.nth} of the deployment: ${point.phase}`;
  return {
    name: `the disk fills up at ${where}`,
    mount: async (world) => {
      const box = world.box();
      const bundle = await world.fresh();
      await box.life().order({ kind: 'trace', folder: box.dataDir, file: traceOf(box) });
      await box.life().order({ kind: 'arm', point, fault: 'stop' });
      const deploymentId = await world.deploy(bundle);
      const { pid } = box.life();
      await until(`the agent halts at ${where}`, () => isHalted(pid), HALT_LIMIT_MS);
      await whileFull(world, async () => {
        process.kill(pid, 'SIGCONT');
        await delay(FULL_MS);
      });
      if (!box.life().hasEnded()) await box.life().order({ kind: 'disarm' });
      return { deploymentId };
    },
  };
}

async function isHalted(pid: number): Promise<boolean> {
  return /^State:\s+T/m.test(await readFile(`/proc/${pid}/status`, 'utf8'));
}
