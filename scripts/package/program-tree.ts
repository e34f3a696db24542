import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { stripElf } from './elf.ts';
import { copyrightOf, INSTALLED, type Placed } from './install-plan.ts';
import { isShipped, type LockEntries, type LockedPackage, planModules } from './module-plan.ts';
import { nodeBinary } from './node-binary.ts';
import { fetchPublished } from './registry-source.ts';
import { type Cpu, type Parcel, type Program, programFolder, WORKSPACES } from './target.ts';

export interface Sources {
  /** This repository. */
  readonly root: string;
  /** The workspaces compiled to JavaScript, in their places. */
  readonly compiled: string;
  /** The built page of the server. */
  readonly web: string;
  /** What was fetched from the registry. */
  readonly cache: string;
}

const DATA = 0o644;
const EXECUTABLE = 0o755;
/** What the sources import as `@watchpost/shared/x.ts` is `shared/src/x.js` on a box. */
const COMPILED_SHARED = { type: 'module', exports: { './*.ts': './src/*.js' } };

/** Lays everything of a package but its control folder below `tree`. */
export async function layOutParcel(tree: string, parcel: Parcel, cpu: Cpu, sources: Sources): Promise<void> {
  const { program, kind } = parcel;
  const folder = join(tree, programFolder(program));
  await layOutModules(folder, parcel, cpu, sources);
  await layOutPlaced(tree, [copyrightOf(`watchpost-${parcel.name}`)], sources);
  if (kind === 'modules') return;
  await layOutNode(folder, cpu, sources);
  await layOutCompiled(folder, program, sources);
  await layOutPlaced(tree, INSTALLED[program], sources);
}

async function layOutPlaced(tree: string, placed: readonly Placed[], { root }: Sources): Promise<void> {
  for (const { from, to, mode } of placed)
    await copyTree(join(root, 'firmware-config', from), join(tree, to), { mode });
}

async function layOutNode(folder: string, cpu: Cpu, { cache }: Sources): Promise<void> {
  const published = await fetchPublished(nodeBinary(cpu), cache);
  const node = stripElf(await readFile(join(published, 'bin/node')));
  await write(join(folder, 'node'), node, EXECUTABLE);
  await copyTree(join(published, 'LICENSE'), join(folder, 'LICENSE.node'));
}

async function layOutCompiled(folder: string, program: Program, { compiled, web }: Sources): Promise<void> {
  for (const workspace of WORKSPACES[program])
    await copyTree(join(compiled, workspace, 'src'), join(folder, workspace, 'src'));
  await write(join(folder, 'package.json'), '{"type":"module"}\n');
  await write(join(folder, 'shared/package.json'), `${JSON.stringify(COMPILED_SHARED)}\n`);
  await mkdir(join(folder, 'node_modules/@watchpost'), { recursive: true });
  await symlink('../../shared', join(folder, 'node_modules/@watchpost/shared'));
  if (program === 'server') await copyTree(web, join(folder, 'fleet-server/web/dist'));
}

async function layOutModules(folder: string, parcel: Parcel, cpu: Cpu, sources: Sources): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(sources.root, 'package-lock.json'), 'utf8')) as {
    readonly packages: LockEntries;
  };
  for (const module of planModules(packages, parcel, cpu)) {
    const installed = await findInstalled(module, sources);
    await copyTree(installed, join(folder, module.path), {
      isWanted: (path) => isShipped(module.name, path, cpu),
    });
  }
}

/** From node_modules where it is there at the locked version: those of another processor are not. */
async function findInstalled(module: LockedPackage, { root, cache }: Sources): Promise<string> {
  const folder = join(root, module.path);
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return fetchPublished(module, cache);
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly version: string };
  return version === module.version ? folder : fetchPublished(module, cache);
}

interface Copying {
  readonly mode?: number;
  /** Of a file, by its path from the top. */
  readonly isWanted?: (path: string) => boolean;
}

/** A file, or the files of a folder. Links are left out: what is published on the registry holds none. */
async function copyTree(
  from: string,
  to: string,
  { mode = DATA, isWanted = () => true }: Copying = {},
): Promise<void> {
  if ((await stat(from)).isFile()) return copyOne(from, to, mode);
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const source = join(entry.parentPath, entry.name);
    const path = relative(from, source);
    if (entry.isFile() && isWanted(path)) await copyOne(source, join(to, path), mode);
  }
}

async function copyOne(from: string, to: string, mode: number): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, mode);
}

async function write(path: string, content: string | Buffer, mode: number = DATA): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode });
}
