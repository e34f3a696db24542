import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files of /proc and /sys, by paths without a leading slash. */
export interface SysFiles {
  /** @returns '' for a file that is missing or that the driver refuses to read, as some sensors do */
  read(path: string): Promise<string>;
  /** The entries of a folder whose names fit, with the folder, `x2` before `x10`; none where there is no folder. */
  list(folder: string, pattern: RegExp): Promise<readonly string[]>;
}

/** @param root where /proc, /sys, /run and /var are looked up */
export function createSysFiles(root = '/'): SysFiles {
  return {
    read: async (path) => (await readFile(join(root, path), 'utf8').catch(() => '')).trim(),
    list: async (folder, pattern) => {
      const names = await readdir(join(root, folder)).catch(() => []);
      return names
        .filter((name) => pattern.test(name))
        .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .map((name) => join(folder, name));
    },
  };
}
