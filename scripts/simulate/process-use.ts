import { readFileSync } from 'node:fs';
import { parseStatusBytes } from '@watchpost/agent/kernel/process-status.ts';

export interface ProcessUse {
  /** User and system. */
  readonly cpuSec: number;
  /** The highest there was. */
  readonly maxRssBytes: number;
}

/** Ticks a second of /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SEC = 100;
/** Of the fields behind the name in parentheses: utime and stime (proc_pid_stat(5): 14 and 15). */
const [UTIME, STIME] = [11, 12];

/** @returns undefined when the process is gone */
export function readProcessUse(pid: number | undefined): ProcessUse | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
    const maxRssBytes = parseStatusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM');
    // A process that has just ended has no memory any more.
    if (maxRssBytes === undefined) return undefined;
    return { cpuSec: ticks / TICKS_PER_SEC, maxRssBytes };
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'ESRCH'
    )
      return undefined;
    throw error;
  }
}
