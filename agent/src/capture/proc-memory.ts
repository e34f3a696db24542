import { readFile } from 'node:fs/promises';

/**
 * The resident memory of a process; undefined when it is gone, and where there is no /proc. From `status`, which is in
 * kB: `statm` counts pages, whose size differs between boards.
 */
export async function readRssBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
