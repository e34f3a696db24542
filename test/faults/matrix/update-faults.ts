import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import { DEPLOYMENT_LIFECYCLE } from '../../../shared/src/lifecycle/deployment.ts';
import type { FaultBox } from '../../support/fault-box.ts';
import type { FaultPoint, FileFault } from '../../support/fault-orders.ts';
import {
  leaveOnDisk,
  loadTrace,
  type PowerCut,
  performOnDisk,
  readDisk,
} from '../../support/fault-power-cut.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import type { Aftermath, FaultPlan } from './fault.ts';
import type { Survey, UpdatePoint } from './survey.ts';

const STRIKE_LIMIT_MS = 60_000;
/** How long a disk stays full or read-only. */
const LASTING_MS = 2_500;
/** Within the time after the end of a deployment the agent tidies up. */
const TIDY_MS = 3_000;

export const traceOf = (box: FaultBox): string => join(box.folder, 'trace.jsonl');
const nameOf = ({ name, nth }: FaultPoint): string => (nth === 1 ? name : `${name}, time ${nth}`);

/** kill -9 between any two file operations of an update. */
export function killPlans({ points }: Survey): readonly FaultPlan[] {
  return points.map((point) => ({
    name: `kill -9 before ${nameOf(point)}`,
    mount: (world) => killAt(world, point, 'kill'),
  }));
}

/** A file that was being written when the agent died. */
export function tornPlans({ points }: Survey): readonly FaultPlan[] {
  return writesOf(points).map((point) => ({
    name: `half of ${nameOf(point)}`,
    mount: (world) => killAt(world, point, 'tear'),
  }));
}

/** kill -9 just after each phase of a deployment was saved. */
export function phasePlans({ points }: Survey): readonly FaultPlan[] {
  const saved = points.filter(({ phase }) => phase !== undefined);
  return saved.map((point) => ({
    name: `kill -9 after record ${point.nth} of the deployment was saved: ${point.phase}`,
    mount: (world) => killAt(world, point, 'kill after'),
  }));
}

/**
 * A power cut that takes with it what was not synced: where most is not, before each sync, and around each rename. In
 * between the disk would keep the same.
 */
export function powerPlans({ points }: Survey): readonly FaultPlan[] {
  const cuts: readonly PowerCut[] = ['nothing unsynced', 'names only'];
  return firstOfEach(points, ['sync', 'rename']).flatMap((point) =>
    cuts.map((cut) => ({
      name: `power cut before ${nameOf(point)}, ${cut} survives`,
      mount: (world: FaultWorld) => cutPowerAt(world, point, cut),
    })),
  );
}

export function diskAnswerPlans({ points }: Survey): readonly FaultPlan[] {
  const plan = (fault: FileFault, what: string, chosen: readonly UpdatePoint[]): readonly FaultPlan[] =>
    chosen.map((point) => ({
      name: `${what} ${nameOf(point)}`,
      mount: (world) => failAt(world, point, fault),
    }));
  return [
    ...plan('ENOSPC', 'disk full from', firstOfEach(points, ['open', 'write', 'mkdir', 'copy', 'link'])),
    ...plan(
      'EROFS',
      'disk read-only from',
      firstOfEach(points, ['open', 'mkdir', 'rename', 'remove', 'link']),
    ),
    ...plan(
      'EIO',
      'input/output error at',
      firstOfEach(points, ['write', 'sync', 'rename', 'link', 'mkdir']),
    ),
  ];
}

/** Of those kinds; an update asks for its trust twice, in the same way, by a copy that counts for nothing. */
function firstOfEach(
  points: readonly UpdatePoint[],
  ops: readonly UpdatePoint['op'][],
): readonly UpdatePoint[] {
  return points.filter(
    ({ op, name, nth }) =>
      ops.includes(op) && !(/ tuf[/-]/.test(name) && nth > 1) && !/ tuf-check\/./.test(name),
  );
}

const writesOf = (points: readonly UpdatePoint[]): readonly UpdatePoint[] =>
  points.filter(({ op }) => op === 'write');

/** kill -9 at moments nobody chose. */
export function randomKillPlans(count: number): readonly FaultPlan[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `kill -9 at random moment ${index + 1} of an update`,
    mount: async (world) => {
      const box = world.box();
      const deploymentId = await world.deploy(await world.fresh());
      await delay(world.random() * 3_000);
      await killRestarted(box);
      return { deploymentId };
    },
  }));
}

/** Ends the agent; whoever looks after it starts it again. */
export async function killRestarted(box: FaultBox): Promise<void> {
  const life = box.life();
  process.kill(life.pid, 'SIGKILL');
  await life.exited;
}

async function killAt(world: FaultWorld, point: FaultPoint, fault: FileFault): Promise<Aftermath> {
  const deploymentId = await orderArmed(world, point, fault);
  await untilStruck(world, deploymentId, nameOf(point));
  return { deploymentId };
}

async function cutPowerAt(world: FaultWorld, point: FaultPoint, cut: PowerCut): Promise<Aftermath> {
  const box = world.box();
  const disk = await readDisk(box.dataDir);
  const deploymentId = await orderArmed(world, point, 'kill');
  box.hold();
  await untilStruck(world, deploymentId, nameOf(point));
  for (const operation of loadTrace(traceOf(box))) performOnDisk(disk, operation);
  await leaveOnDisk(disk, box.dataDir, cut);
  await box.start();
  return { deploymentId };
}

async function failAt(world: FaultWorld, point: FaultPoint, fault: FileFault): Promise<Aftermath> {
  const life = world.box().life();
  const deploymentId = await orderArmed(world, point, fault);
  await untilStruck(world, deploymentId, nameOf(point));
  if (fault !== 'EIO') await delay(LASTING_MS);
  if (!life.hasEnded()) await life.order({ kind: 'disarm' });
  return { deploymentId };
}

/** Orders an update of a box whose disk will fail at the point. */
async function orderArmed(world: FaultWorld, point: FaultPoint, fault: FileFault): Promise<string> {
  const box = world.box();
  const bundle = await world.fresh();
  await box.life().order({ kind: 'trace', folder: box.dataDir, file: traceOf(box) });
  await box.life().order({ kind: 'arm', point, fault });
  return world.deploy(bundle);
}

/** Resolves when the fault has struck: the agent is dead, or says so. */
async function untilStruck(world: FaultWorld, deploymentId: string, what: string): Promise<void> {
  const life = world.box().life();
  const hasStruck = async (): Promise<boolean> =>
    life.hasEnded() ||
    (await life.order({ kind: 'ask' }).then(
      ({ struck }) => struck,
      () => true,
    ));
  let lateMs = performance.now() + STRIKE_LIMIT_MS;
  while (!(await hasStruck())) {
    if (performance.now() > lateMs) throw new Error(`never came to: ${what}`);
    await delay(50);
    const { deployment } = await world.server.device(world.box().id);
    const isOver = deployment?.id === deploymentId && isTerminal(DEPLOYMENT_LIFECYCLE, deployment.state);
    if (isOver) lateMs = Math.min(lateMs, performance.now() + TIDY_MS);
  }
}
