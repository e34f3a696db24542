import { readdir, readFile } from 'node:fs/promises';
import { parseProcessStat } from '../../agent/src/kernel/process-stat.ts';

export interface CaptureChild {
  readonly pid: number;
  /** One argument per NUL, as everybody on the machine can read it. */
  readonly commandLine: string;
}

/** The ffmpeg processes that capture for process `parent`, from /proc. */
export async function captureChildren(parent: number = process.pid): Promise<readonly CaptureChild[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => describe(pid, parent)));
  return found.filter((child) => child?.commandLine.includes('pipe:3') === true) as readonly CaptureChild[];
}

async function describe(pid: number, parent: number): Promise<CaptureChild | undefined> {
  try {
    const stat = parseProcessStat(await readFile(`/proc/${pid}/stat`, 'latin1'));
    if (stat?.parentPid !== parent) return undefined;
    return { pid, commandLine: await readFile(`/proc/${pid}/cmdline`, 'latin1') };
  } catch {
    // Gone while we looked.
    return undefined;
  }
}
