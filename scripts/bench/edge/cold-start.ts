import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AGENT_VERSION } from '@watchpost/agent/kernel/version.ts';
import { readNodeFlags } from '../../package/agent-starter.ts';
import { startAgent } from './agent-run.ts';
import { type BenchFleet, startBenchFleet } from './broker.ts';
import type { BenchModel } from './data.ts';
import { layBox } from './laid-box.ts';
import { median } from './targets.ts';
import type { BenchSubject, BenchWorld } from './world.ts';

const run = promisify(execFile);
const START_LIMIT_MS = 60_000;
const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));
const PACKAGE = `watchpost-agent_${AGENT_VERSION}_${process.arch === 'arm64' ? 'arm64' : 'amd64'}.deb`;
const INSTALLED = 'usr/lib/watchpost/agent';

/**
 * From the spawn to the event of the first frame: rules under which a single frame is one make it the first thing the
 * agent says after it has classified.
 */
export const benchColdStart: BenchSubject = async (world) => {
  const fleet = await startBenchFleet();
  try {
    const { program, what } = await findProgram(world);
    const starts: number[] = [];
    // The first fills the caches of the disk, as on a box that was started before.
    for (let start = 0; start < (world.isQuick ? 2 : 5); start += 1) {
      world.say(`coldstart: start ${start + 1}, ${what}`);
      starts.push(await measureStart(world, fleet, program));
    }
    const [first = 0, ...rest] = starts;
    return [
      {
        subject: 'coldstart',
        what: 'the first start, with what the disk cache lacks (s)',
        value: first / 1000,
      },
      {
        subject: 'coldstart',
        what: 'spawn of the agent to the first classified frame, file camera (s)',
        value: median(rest) / 1000,
        note: `${what}; median of ${rest.length}`,
        target: 'coldStartSec',
      },
    ];
  } finally {
    await fleet.stop();
  }
};

async function measureStart(
  world: BenchWorld,
  fleet: BenchFleet,
  program: readonly string[] | undefined,
): Promise<number> {
  const { data, scratch } = world;
  const camera = { id: 'gate', file: await data.video360p(), loop: true };
  const box = await layBox({ scratch, model: withEagerRules(data.int8), fleet, cameras: [camera] });
  const agent = startAgent({ box, fleet, world, ...(program && { program }) });
  try {
    await agent.logged('event', START_LIMIT_MS);
    return performance.now() - agent.startedMs;
  } finally {
    await agent.stop();
  }
}

/** Every frame is a sighting of what is most likely on it. */
function withEagerRules(model: BenchModel): BenchModel {
  const rules = { window: 1, minVotes: 1, enter: 0, exit: 0, minDwellSec: 0, cooldownSec: 0, rejectBelow: 0 };
  return { ...model, manifest: { ...model.manifest, decision: { ...rules, background: [] } } };
}

/** The package where `npm run package` has left one, unpacked; else the sources. */
async function findProgram({
  scratch,
}: BenchWorld): Promise<{ readonly program?: readonly string[]; readonly what: string }> {
  const file = join(DIST, PACKAGE);
  if (!existsSync(file)) return { what: 'compiled from the sources: npm run package has left no package' };
  const { mtimeMs } = await stat(file);
  if (mtimeMs < (await newestSourceMs()))
    return { what: 'compiled from the sources: they are newer than the package in dist' };
  const root = join(scratch, 'installed');
  const unpacked = await run('dpkg-deb', ['-x', file, root]).then(
    () => true,
    () => false,
  );
  const folder = join(root, INSTALLED);
  if (!unpacked || !existsSync(join(folder, 'node')))
    return { what: 'compiled from the sources: the package cannot be unpacked' };
  return {
    program: [join(folder, 'node'), ...(await readNodeFlags()), join(folder, 'agent/src/cli.js')],
    what: `as installed by ${PACKAGE}`,
  };
}

async function newestSourceMs(): Promise<number> {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const times = await Promise.all(
    ['agent/src', 'shared/src'].map(async (folder) => {
      const files = await readdir(join(root, folder), { recursive: true });
      const found = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
      return Promise.all(found.map(async (name) => (await stat(join(root, folder, name))).mtimeMs));
    }),
  );
  return Math.max(...times.flat());
}
