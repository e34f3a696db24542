import { randomBytes } from 'node:crypto';
import { appendFile, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultWorld } from '../../support/fault-world.ts';
import type { FaultPlan } from './fault.ts';
import { untilFlowing } from './fleet-faults.ts';
import { killIdle } from './state-faults.ts';
import { killRestarted } from './update-faults.ts';

const PAGE_BYTES = 4_096;

/** SQLite files that rot, while the agent has them open and while it is off. */
export function sqlitePlans(): readonly FaultPlan[] {
  return [
    running('pages of the outbox are overwritten', 'outbox.sqlite', overwritePages),
    running('the header of the outbox is overwritten', 'outbox.sqlite', overwriteHeader),
    running('the trust marks are overwritten', 'trust.sqlite', overwritePages),
    stopped('the last page of the log of the outbox is torn', 'outbox.sqlite-wal', tearEnd),
    stopped('the log of the outbox ends in rubbish', 'outbox.sqlite-wal', (path) =>
      appendFile(path, randomBytes(3 * PAGE_BYTES)),
    ),
    stopped('one page of the outbox is overwritten', 'outbox.sqlite', overwriteOnePage),
  ];
}

type Rot = (path: string, world: FaultWorld) => Promise<void>;

function running(what: string, file: string, rot: Rot): FaultPlan {
  return {
    name: `${what} while the agent runs, which is killed then`,
    mount: async (world) => {
      await rot(join(world.box().dataDir, file), world);
      await untilFlowing(world, 'with a file that rots');
      await delay(3_000);
      await killRestarted(world.box());
      return {};
    },
  };
}

function stopped(what: string, file: string, rot: Rot): FaultPlan {
  return {
    name: `${what} while the agent is off`,
    mount: async (world) => {
      await killIdle(world);
      const path = join(world.box().dataDir, file);
      if ((await stat(path).catch(() => undefined)) === undefined) throw new Error(`there is no ${file}`);
      await rot(path, world);
      await world.box().start();
      return {};
    },
  };
}

const overwritePages: Rot = async (path) => {
  const { size } = await stat(path);
  await overwrite(path, 0, Math.max(size, PAGE_BYTES));
};
const overwriteHeader: Rot = (path) => overwrite(path, 0, 100);
const overwriteOnePage: Rot = async (path, { random }) => {
  const { size } = await stat(path);
  const pages = Math.floor(size / PAGE_BYTES);
  await overwrite(path, Math.floor(random() * pages) * PAGE_BYTES, PAGE_BYTES);
};
const tearEnd: Rot = async (path) => {
  const { size } = await stat(path);
  const file = await open(path, 'r+');
  await file.truncate(Math.max(0, size - PAGE_BYTES / 2)).finally(() => file.close());
};

async function overwrite(path: string, at: number, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(randomBytes(bytes), 0, bytes, at).finally(() => file.close());
}
