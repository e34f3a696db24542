import { readdir, readFile } from 'node:fs/promises';

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
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; the parent is the second field after it.
    const parentPid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parentPid !== parent) return undefined;
    return { pid, commandLine: await readFile(`/proc/${pid}/cmdline`, 'latin1') };
  } catch {
    // Gone while we looked.
    return undefined;
  }
}

/** True while a process has this id and is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat !== '' && !/\) [ZX]/.test(stat);
}
