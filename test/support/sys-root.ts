import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that stands for the root of a machine, with the files of /proc and /sys a test lays there. */
export interface SysRoot {
  readonly path: string;
  /** Texts by path below the root. */
  lay(files: Readonly<Record<string, string>>): void;
  remove(): void;
}

export function createSysRoot(): SysRoot {
  const path = mkdtempSync(join(tmpdir(), 'watchpost-root-'));
  return {
    path,
    lay: (files) => {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
