import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtWeb } from '../web-build.ts';
import type { PackageRequest } from './arguments.ts';
import { buildDeb, type Deb } from './deb.ts';
import { execute } from './execute.ts';
import { layOutParcel, type Sources } from './program-tree.ts';
import { type Architecture, CPU_OF, PARCELS, type Parcel } from './target.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const EMIT = join(ROOT, 'scripts/package/tsconfig.emit.json');

/** Builds what was asked for, one package after the other; `onBuilt` hears of each. */
export async function buildPackages(request: PackageRequest, onBuilt: (deb: Deb) => void): Promise<void> {
  process.umask(0o022);
  const work = await mkdtemp(join(tmpdir(), 'watchpost-package-'));
  try {
    const sources = await prepareSources(work, request);
    const epochSec = await readEpochSec();
    const version = request.version ?? (await readVersion());
    const folder = resolve(ROOT, request.folder);
    for (const { parcel, architecture } of planBuilds(request)) {
      const tree = join(work, `${parcel.name}-${architecture}`);
      await layOutParcel(tree, parcel, architecture === 'all' ? 'x64' : CPU_OF[architecture], sources);
      const control = join(ROOT, 'firmware-config/deb', parcel.name);
      const name = `watchpost-${parcel.name}`;
      const { isPacked } = request;
      onBuilt(await buildDeb({ tree, control, name, architecture, version, folder, epochSec, isPacked }));
      await rm(tree, { recursive: true });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Build {
  readonly parcel: Parcel;
  readonly architecture: Architecture | 'all';
}

/** Programs once for each processor; modules hold nothing that depends on it. */
function planBuilds({ programs, architectures }: PackageRequest): readonly Build[] {
  return PARCELS.filter(({ program }) => programs.includes(program)).flatMap((parcel) =>
    (parcel.kind === 'modules' ? (['all'] as const) : architectures).map((architecture) => ({
      parcel,
      architecture,
    })),
  );
}

async function prepareSources(work: string, { programs }: PackageRequest): Promise<Sources> {
  const compiled = join(work, 'compiled');
  await execute(process.execPath, [TSC, '--project', EMIT, '--outDir', compiled]);
  const web = programs.includes('server') ? await builtWeb() : '';
  return { root: ROOT, compiled, web, cache: join(ROOT, '.cache/packages') };
}

/** Of the last commit, so that it gives the same bytes wherever it is built. */
async function readEpochSec(): Promise<number> {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) return Number(given);
  return Number(await execute('git', ['log', '-1', '--format=%ct'], { cwd: ROOT }));
}

async function readVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
