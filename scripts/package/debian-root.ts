import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from './execute.ts';

const SUITE = 'bookworm';
/** Beyond the least Debian there is: an init, so that it boots. */
const INCLUDED = ['systemd', 'systemd-sysv', 'dbus', 'udev', 'ca-certificates'];
const SOURCES = '/etc/apt/sources.list.d';

/** Why no root can be made on this machine; undefined when one can. */
export function whyNoRoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make a root file system';
  const missing = ['/usr/sbin/debootstrap', '/usr/bin/systemd-nspawn'].find((path) => !existsSync(path));
  if (missing !== undefined) return `${missing} is missing: apt-get install debootstrap systemd-container`;
  return undefined;
}

/** A clean Debian 12, from this machine's own package sources; made once and kept in `cache`. @returns its folder */
export async function ensureDebian(cache: string): Promise<string> {
  const folder = join(cache, SUITE);
  if (existsSync(folder)) return folder;
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await execute('debootstrap', [
    '--variant=minbase',
    `--include=${INCLUDED.join(',')}`,
    SUITE,
    making,
    await readMirror(),
  ]);
  await cp(SOURCES, join(making, SOURCES), { recursive: true });
  await writeFile(join(making, 'etc/apt/sources.list'), '');
  await rename(making, folder);
  return folder;
}

/** A copy to work in; what was downloaded into it can be given back with `keepArchives`. */
export async function copyDebian(base: string, folder: string): Promise<void> {
  await execute('cp', ['-a', '--reflink=auto', base, folder]);
}

/** Debian packages that a try downloaded, for the next one. */
export async function keepArchives(root: string, base: string): Promise<void> {
  const [from, to] = [root, base].map((folder) => join(folder, 'var/cache/apt/archives'));
  if (from === undefined || to === undefined) return;
  for (const name of await readdir(from))
    if (name.endsWith('.deb')) await cp(join(from, name), join(to, name), { force: true });
}

async function readMirror(): Promise<string> {
  for (const name of await readdir(SOURCES)) {
    const text = await readFile(join(SOURCES, name), 'utf8');
    const uri = name.endsWith('.sources')
      ? /^URIs:\s*(\S+)/m.exec(text)?.[1]
      : /^deb (?:\[.*\] )?(\S+)/m.exec(text)?.[1];
    if (uri !== undefined && text.includes(SUITE)) return uri;
  }
  throw new Error(`no package source of Debian ${SUITE} in ${SOURCES}`);
}
