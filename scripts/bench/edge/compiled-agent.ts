import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readNodeFlags } from '../../package/agent-starter.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const EMIT = join(ROOT, 'scripts/package/tsconfig.emit.json');
/** As in a package: what the sources import as `@watchpost/shared/x.ts` is `shared/src/x.js`. */
const SHARED = { type: 'module', exports: { './*.ts': './src/*.js' } };

/**
 * The agent as a box runs it, compiled to JavaScript as `npm run package` does: a Node that strips types holds the
 * compiler for it in memory.
 * @returns program and arguments before `run`
 */
export async function compileAgent(scratch: string): Promise<readonly string[]> {
  const folder = join(scratch, 'compiled');
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '--project', EMIT, '--outDir', folder]);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}\n');
  await writeFile(join(folder, 'shared/package.json'), `${JSON.stringify(SHARED)}\n`);
  const [installed, linked] = [join(ROOT, 'node_modules'), join(folder, 'node_modules')];
  await mkdir(join(linked, '@watchpost'), { recursive: true });
  await symlink(join(folder, 'shared'), join(linked, '@watchpost/shared'));
  for (const name of await readdir(installed))
    if (name !== '@watchpost' && !name.startsWith('.'))
      await symlink(join(installed, name), join(linked, name));
  return [process.execPath, ...(await readNodeFlags()), join(folder, 'agent/src/cli.js')];
}
