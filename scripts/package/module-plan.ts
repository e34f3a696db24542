import { type Cpu, PARCELS, type Parcel, WORKSPACES } from './target.ts';

/** What package-lock.json says of one folder. */
export interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
export type LockEntries = Readonly<Record<string, LockEntry>>;

/** One package of the lock file that a program needs. */
export interface LockedPackage {
  /** Its folder, from the root: `node_modules/mqtt/node_modules/debug`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

const FOLDER = 'node_modules/';

/** Dependencies that a package names for its installer, its command line or the type checker, and never loads here. */
const UNLOADED: Readonly<Record<string, readonly string[]>> = {
  agent: ['@tensorflow/tfjs-node'],
  'node_modules/onnxruntime-node': ['adm-zip', 'global-agent'],
  'node_modules/mqtt': ['commist', 'concat-stream', 'help-me', 'minimist'],
  'node_modules/better-sqlite3': ['node-addon-api'],
  'node_modules/node-webcam': ['nopt'],
  // Used where the platform has no fetch.
  'node_modules/@tensorflow/tfjs-core': ['@webgpu/types', 'node-fetch'],
  'node_modules/@tensorflow/tfjs-data': ['node-fetch'],
  'node_modules/@tensorflow/tfjs': ['argparse', 'chalk', 'core-js', 'regenerator-runtime', 'yargs'],
};

/**
 * Every module of a parcel on Linux with glibc and this processor, in the order of their paths: what the program
 * loads, without what other parcels of the program hold.
 * @throws Error when the lock file does not hold what a module asks for
 */
export function planModules(lock: LockEntries, parcel: Parcel, cpu: Cpu): readonly LockedPackage[] {
  const paths = walk(lock, parcel, cpu);
  const held = PARCELS.filter(
    ({ program, kind }) => parcel.kind === 'modules' && program === parcel.program && kind === 'program',
  ).flatMap((program) => [...walk(lock, program, cpu)]);
  return [...paths]
    .filter((path) => !held.includes(path))
    .sort()
    .map((path) => describe(path, lock[path]));
}

function walk(lock: LockEntries, { program, leavesOut = [] }: Parcel, cpu: Cpu): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...WORKSPACES[program]];
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const path of listDependencies(lock, from, cpu)) {
      if (leavesOut.some((name) => path === `${FOLDER}${name}`)) continue;
      if (found.has(path)) continue;
      found.add(path);
      waiting.push(path);
    }
  }
  return found;
}

function listDependencies(lock: LockEntries, from: string, cpu: Cpu): readonly string[] {
  const { dependencies = {}, optionalDependencies = {} } = lock[from] ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies })
    .filter((name) => !name.startsWith('@types/') && !UNLOADED[from]?.includes(name))
    .map((name) => {
      const path = resolve(lock, from, name);
      if (path === undefined && !(name in optionalDependencies))
        throw new Error(`package-lock.json does not hold ${name}, which ${from} needs`);
      return path;
    })
    .filter((path) => path !== undefined)
    .filter((path) => lock[path]?.link !== true && fits(lock[path] ?? {}, cpu));
}

/** As Node looks for it: in the package's own folder, then in each folder above. */
function resolve(lock: LockEntries, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}${FOLDER}${name}`;
    if (lock[path] !== undefined) return path;
    if (folder === '') return undefined;
  }
}

function fits({ os, cpu, libc }: LockEntry, wanted: Cpu): boolean {
  const allows = (list: readonly string[] | undefined, value: string): boolean =>
    list === undefined || list.includes(value);
  return allows(os, 'linux') && allows(cpu, wanted) && allows(libc, 'glibc');
}

function describe(path: string, entry: LockEntry | undefined): LockedPackage {
  const { version, integrity } = entry ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`package-lock.json lists ${path} without version and integrity`);
  return { path, name: path.slice(path.lastIndexOf(FOLDER) + FOLDER.length), version, integrity };
}

const LICENCE = /(^|\/)(licen[cs]e|copying|notice|third.?party)[^/]*$/i;
/** Modules that tell their licence in the README only. */
const TOLD_IN_README = /^(@img\/sharp-libvips-.*|seedrandom)$/;
const DOCUMENTS = /\.(md|markdown|map|[cm]?ts|flow|tsbuildinfo)$/i;
const OF_TOOLS = /(^|\/)(\.[^/]*|eslint\.config\.[cm]?js|tsconfig[^/]*\.json)$/;
const ASIDE =
  /^(src\/.*\.(cc|h|gyp)|(test|tests|__tests__|docs?|examples?|benchmarks?|e2e|integration|coverage|scripts|\.github)\/)/;

/** Packages that carry builds for other platforms, browsers and compilers: what Node loads of them here. */
const LOADED: Readonly<Record<string, (cpu: Cpu) => RegExp>> = {
  'better-sqlite3': (cpu) => new RegExp(`^(lib/|prebuilds/linux-${cpu}\\.node$)`),
  'onnxruntime-node': (cpu) => new RegExp(`^(dist/|bin/napi-v6/linux/${cpu}/)`),
  'onnxruntime-common': () => /^dist\/(cjs|esm)\//,
  '@tensorflow/tfjs': () => /^dist\/tf\.node\.js$/,
  '@tensorflow/tfjs-backend-cpu': () => /^dist\/[\w-]+\.node\.js$/,
  '@tensorflow/tfjs-backend-wasm': () => /^dist\/([\w-]+\.node\.js|[\w-]+\.wasm)$/,
  '@tensorflow/tfjs-backend-webgl': () => /^dist\/[\w-]+\.node\.js$/,
  '@tensorflow/tfjs-converter': () => /^dist\/[\w-]+\.node\.js$/,
  '@tensorflow/tfjs-core': () => /^dist\/[\w-]+\.node\.js$/,
  '@tensorflow/tfjs-data': () => /^dist\/[\w-]+\.node\.js$/,
  '@tensorflow/tfjs-layers': () => /^dist\/[\w-]+\.node\.js$/,
  mqtt: () => /^build\//,
  'node-webcam': () => /^(index\.js$|src\/)/,
  xml2js: () => /^lib\/(bom|builder|defaults|parser|processors|xml2js)\.js$/,
  yaml: () => /^(dist|util\.js)/,
};

/** Whether a file of a package (its path from the package's folder) goes onto a box. Licences always do. */
export function isShipped(name: string, path: string, cpu: Cpu): boolean {
  if (path.includes('node_modules/')) return false;
  if (path === 'package.json' || LICENCE.test(path)) return true;
  if (path === 'README.md' && TOLD_IN_README.test(name)) return true;
  if ([DOCUMENTS, OF_TOOLS, ASIDE].some((unloaded) => unloaded.test(path))) return false;
  return LOADED[name]?.(cpu).test(path) ?? true;
}
