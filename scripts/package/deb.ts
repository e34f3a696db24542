import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execute } from './execute.ts';
import { MAINTAINER_SCRIPTS } from './install-plan.ts';
import type { Architecture } from './target.ts';

const KIB = 1024;

export interface DebOptions {
  /** Everything but the control folder. */
  readonly tree: string;
  /** Templates of the control folder: `firmware-config/deb/agent`. */
  readonly control: string;
  /** `watchpost-agent` */
  readonly name: string;
  readonly architecture: Architecture | 'all';
  readonly version: string;
  readonly folder: string;
  /** Time of every file in the package, in seconds. */
  readonly epochSec: number;
  readonly isPacked: boolean;
}

export interface Deb {
  readonly path: string;
  readonly packedBytes: number;
  /** Of the files, as they lie on a box. */
  readonly installedBytes: number;
}

/** Makes the package of a tree. @throws Error when dpkg-deb refuses */
export async function buildDeb(options: DebOptions): Promise<Deb> {
  const { tree, name, architecture, version, folder, epochSec, isPacked } = options;
  const files = await listFiles(tree);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  await writeControl(options, files, sizes);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}_${version}_${architecture}.deb`);
  await execute('dpkg-deb', ['--root-owner-group', isPacked ? '-Zxz' : '-Znone', '--build', tree, path], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epochSec) },
  });
  const installedBytes = sizes.reduce((sum, size) => sum + size, 0);
  return { path, packedBytes: (await stat(path)).size, installedBytes };
}

async function writeControl(
  { tree, control, version, architecture }: DebOptions,
  files: readonly string[],
  sizes: readonly number[],
): Promise<void> {
  const folder = join(tree, 'DEBIAN');
  await mkdir(folder);
  const values: Readonly<Record<string, string>> = {
    VERSION: version,
    ARCHITECTURE: architecture,
    INSTALLED_KIB: String(sizes.reduce((sum, size) => sum + Math.ceil(size / KIB), 0)),
  };
  for (const name of await readdir(control)) {
    const text = await readFile(join(control, name), 'utf8');
    const filled = text.replaceAll(/@([A-Z_]+)@/g, (whole, key: string) => values[key] ?? whole);
    await writeFile(join(folder, name), filled);
    await chmod(join(folder, name), MAINTAINER_SCRIPTS.includes(name) ? 0o755 : 0o644);
  }
  const sums = await Promise.all(files.map(async (file) => `${await md5(file)}  ${relative(tree, file)}\n`));
  await writeFile(join(folder, 'md5sums'), sums.join(''), { mode: 0o644 });
}

/** Files, not links, in the order of their paths. */
async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

/** dpkg's own check against damage, not against anybody. */
async function md5(file: string): Promise<string> {
  return createHash('md5')
    .update(await readFile(file))
    .digest('hex');
}
