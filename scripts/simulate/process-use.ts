import { readFileSync } from 'node:fs';
import { parseProcessStat } from '@watchpost/agent/kernel/process-stat.ts';
import { parseStatusBytes } from '@watchpost/agent/kernel/process-status.ts';

export interface ProcessUse {
  /** User and system. */
  readonly cpuSec: number;
  /** The highest there was. */
  readonly maxRssBytes: number;
}

/** @returns undefined when the process is gone */
export function readProcessUse(pid: number | undefined): ProcessUse | undefined {
  try {
    const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    const maxRssBytes = parseStatusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM');
    // A process that has just ended has no memory any more.
    if (stat === undefined || maxRssBytes === undefined) return undefined;
    return { cpuSec: stat.ownCpuSec, maxRssBytes };
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'ESRCH'
    )
      return undefined;
    throw error;
  }
}
