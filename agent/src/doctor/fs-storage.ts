import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, realpath, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseFacts, StorageFacts, WriteFacts } from './diagnose-storage.ts';
import { findMount } from './mounts.ts';

export interface FsStorageDeps {
  readonly dataDir: string;
  readonly checkDatabase: (path: string) => DatabaseFacts;
  readonly databases: readonly string[];
}

/** Looks at the data folder; the file it writes for a moment is gone when it returns. */
export async function inspectStorage({
  dataDir,
  checkDatabase,
  databases,
}: FsStorageDeps): Promise<StorageFacts> {
  const path = await realpath(dataDir).catch(() => dataDir);
  const disk = await statfs(path).catch(() => undefined);
  const mount = findMount(await readFile('/proc/self/mounts', 'utf8').catch(() => ''), path);
  const names = await readdir(path).catch(() => []);
  return {
    dataDir,
    write: await tryWriting(path),
    ...(disk && { disk: { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize } }),
    ...(mount && { mount }),
    databases: databases.map((name) => checkDatabase(join(path, name))),
    setAside: names.filter((name) => name.includes('.damaged')),
  };
}

async function tryWriting(folder: string): Promise<WriteFacts> {
  const path = join(folder, `.doctor-${randomUUID()}`);
  try {
    const startedMs = performance.now();
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile('written by watchpost-agent doctor\n');
      await file.sync();
    } finally {
      await file.close();
    }
    return { kind: 'ok', syncMs: performance.now() - startedMs };
  } catch (error) {
    const { code = 'unknown', message } = error as NodeJS.ErrnoException;
    // What follows names the file of this look, which nobody knows.
    return { kind: 'failed', code, detail: message.split(',', 1)[0] ?? message };
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
