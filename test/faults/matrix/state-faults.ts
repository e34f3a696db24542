import { randomBytes } from 'node:crypto';
import { readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { readChampion } from '../../support/fault-check.ts';
import { countWaiting } from '../../support/fault-ledger-files.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import { until } from '../../support/until.ts';
import type { FaultPlan } from './fault.ts';
import type { Survey } from './survey.ts';

type Damage = (path: string, sizeBytes: number) => Promise<void>;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'cut in half': (path, sizeBytes) => truncate(path, Math.floor(sizeBytes / 2)),
  emptied: (path) => truncate(path, 0),
  'full of rubbish': (path, sizeBytes) => writeFile(path, randomBytes(Math.max(sizeBytes, 1))),
  'full of zeros': (path, sizeBytes) => writeFile(path, Buffer.alloc(Math.max(sizeBytes, 1))),
  gone: (path) => rm(path),
};
const EMPTY_OBJECT: Damage = (path) => writeFile(path, '{}');
const TRIES = 10;

/** Every file a box keeps, damaged in every way while it is off. */
export function statePlans({ stateFiles }: Survey): readonly FaultPlan[] {
  return stateFiles.flatMap((file) =>
    Object.entries({ ...DAMAGES, ...(file.endsWith('.json') && { 'an empty object': EMPTY_OBJECT }) }).map(
      ([how, damage]) => ({
        name: `${file.replace(/[0-9a-f]{64}/, '*')} is ${how}`,
        mount: async (world: FaultWorld) => {
          // What a box does not have is only fetched for an order that it carried out well.
          if (/^(bundles|objects)/.test(file)) await renewModel(world);
          await killIdle(world);
          const { dataDir } = world.box();
          const path = join(dataDir, await nameHere(file, dataDir));
          const found = await stat(path).catch(() => undefined);
          // SQLite leaves its log away when it was closed in order.
          if (found !== undefined) await damage(path, found.size);
          await startOrEnrol(world);
          return {};
        },
      }),
    ),
  );
}

/** The file of this box that is what `file` was on the box that was surveyed. */
async function nameHere(file: string, dataDir: string): Promise<string> {
  if (!file.includes('*')) return file.replace('#', (await readChampion(dataDir)) ?? '');
  const entries = await readdir(join(dataDir, dirname(file)), { recursive: true, withFileTypes: true });
  const found = entries.find((entry) => entry.isFile() && !entry.name.endsWith('.tmp'));
  return found === undefined ? file : relative(dataDir, join(found.parentPath, found.name));
}

/** Both models of a box at once: it has nothing left to run. */
export function everyModelPlans(): readonly FaultPlan[] {
  return [
    {
      name: 'every bundle and every object is gone',
      mount: async (world) => {
        await renewModel(world);
        await killIdle(world);
        for (const folder of ['bundles', 'objects'])
          await rm(join(world.box().dataDir, folder), { recursive: true, force: true });
        await world.box().start();
        return {};
      },
    },
    {
      name: 'everything but the identity is gone',
      mount: async (world) => {
        await renewModel(world);
        await killIdle(world);
        const { dataDir } = world.box();
        for (const name of await readdir(dataDir))
          if (name !== 'identity') await rm(join(dataDir, name), { recursive: true, force: true });
        await world.box().start();
        return {};
      },
    },
  ];
}

async function renewModel(world: FaultWorld): Promise<void> {
  const state = await world.outcome(await world.deploy(await world.fresh()));
  if (state !== 'success') throw new Error(`the update before ended in ${state}`);
}

/** Kills the agent while nothing waits in its outbox: what waits in a file that is destroyed is lost with it. */
export async function killIdle(world: FaultWorld): Promise<void> {
  const box = world.box();
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    await until('nothing waits in the outbox', () => countWaiting(box.outbox) === 0);
    await box.kill();
    if (countWaiting(box.outbox) === 0) return;
    const sinceMs = performance.now();
    await box.start();
    await until('the box flows again', () => box.flowing(sinceMs).length === world.cameraIds.length);
  }
  throw new Error('the outbox never was empty');
}

/** An agent that says it is not enrolled, or refused, is enrolled again, as its error tells a technician to do. */
async function startOrEnrol(world: FaultWorld): Promise<void> {
  const box = world.box();
  await box.start();
  const life = box.life();
  const says = (text: string, code?: string): boolean =>
    life.lines().some((line) => line.msg === text && (code === undefined || line.code === code));
  const isRefused = (): boolean =>
    life.ending().includes('NOT_ENROLLED') || says('broker not connected', 'BROKER_REFUSED');
  await until('the agent is connected or says why not', () => says('broker connected') || isRefused());
  if (!isRefused()) return;
  await box.stop();
  await world.enrolAgain();
  await box.start();
}
