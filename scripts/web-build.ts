import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../fleet-server/web', import.meta.url));
const VITE = fileURLToPath(new URL('../node_modules/vite/bin/vite.js', import.meta.url));
const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'];

/** The folder of the built page; builds it first when it is missing or older than its sources. */
export async function builtWeb(): Promise<string> {
  const dist = join(WEB, 'dist');
  const builtMs = await newestMs(join(dist, 'index.html'));
  const changedMs = await Promise.all(SOURCES.map((source) => newestMs(join(WEB, source))));
  if (builtMs < Math.max(...changedMs)) await build();
  return dist;
}

async function build(): Promise<void> {
  const child = spawn(process.execPath, [VITE, 'build'], { cwd: WEB, stdio: ['ignore', 'ignore', 'pipe'] });
  const problems: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => problems.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`vite build failed: ${Buffer.concat(problems).toString()}`);
}

/** When the file, or the newest file below the folder, was changed; 0 for none. */
async function newestMs(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return 0;
  if (!info.isDirectory()) return info.mtimeMs;
  const names = await readdir(path);
  return Math.max(0, ...(await Promise.all(names.map((name) => newestMs(join(path, name))))));
}
