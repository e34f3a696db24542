import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inStore } from '../kernel/store-error.ts';

/** What is in the diagnostics in another form, or says nothing to anybody. */
const LEFT_OUT = ['config-document.json', 'command-replies.json'];
const MAX_RECORD_BYTES = 64 * 1024;
const MAX_RECORDS = 50;

/**
 * The records that lie at the top of the data folder, by name, as they are: one that is damaged is what somebody looks
 * for. Keys and credentials lie in folders, which are not looked into.
 * @throws AppError STORE_FAILED
 */
export function readRecords(dataDir: string): Promise<Readonly<Record<string, string>>> {
  return inStore(`reading the records in ${dataDir}`, async () => {
    const names = (await readdir(dataDir, { withFileTypes: true }))
      .filter((entry) => entry.isFile() && /\.(json|damaged)$|^last-seen-time$/.test(entry.name))
      .map(({ name }) => name)
      .filter((name) => !/sqlite/.test(name) && !LEFT_OUT.some((left) => name.startsWith(left)))
      .slice(0, MAX_RECORDS);
    const records = await Promise.all(names.map((name) => readRecord(dataDir, name)));
    return Object.fromEntries(records.filter((record) => record !== undefined));
  });
}

/** @returns undefined when it has gone meanwhile: records of what is under way come and go */
async function readRecord(dataDir: string, name: string): Promise<readonly [string, string] | undefined> {
  const path = join(dataDir, name);
  try {
    const { size } = await stat(path);
    return [name, size > MAX_RECORD_BYTES ? `${size} bytes` : await readFile(path, 'utf8')];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
