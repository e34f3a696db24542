import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from './execute.ts';

/** One published package, by the digest of its archive. */
export interface Published {
  readonly name: string;
  readonly version: string;
  /** As in package-lock.json: `sha512-…`. */
  readonly integrity: string;
}

/**
 * The folder of a package from the registry that npm is set to; fetched once and kept in `cache`.
 * @throws Error when it cannot be fetched, or is not what the digest says
 */
export async function fetchPublished(published: Published, cache: string): Promise<string> {
  const { name, version, integrity } = published;
  const folder = join(cache, `${name.replaceAll(/[@/]/g, '-').replace(/^-/, '')}-${version}`);
  if (existsSync(folder)) return join(folder, 'package');
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, '.fetching-'));
  try {
    const archive = await downloadArchive(`${name}@${version}`, scratch);
    const digest = `sha512-${createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')}`;
    if (digest !== integrity) throw new Error(`${name}@${version} has ${digest}; expected was ${integrity}`);
    await execute('tar', ['-xzf', archive, '-C', scratch]);
    await rm(archive);
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return join(folder, 'package');
}

async function downloadArchive(spec: string, folder: string): Promise<string> {
  const asked = ['pack', '--json', '--ignore-scripts', '--loglevel=error', spec];
  const [packed] = JSON.parse(await execute('npm', asked, { cwd: folder })) as readonly {
    readonly filename: string;
  }[];
  if (packed === undefined) throw new Error(`npm pack ${spec} made nothing`);
  // npm 8 tells `@img/x-1.tgz` of a file it named `img-x-1.tgz`.
  return join(folder, packed.filename.replace(/^@/, '').replaceAll('/', '-'));
}
