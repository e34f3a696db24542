import { readFile } from 'node:fs/promises';
import { parseStatusBytes } from './process-status.ts';

export interface ProcessMemory {
  readonly residentBytes: number;
  /** The most that was resident at once. */
  readonly peakBytes: number;
}

/** From /proc/<pid>/status; undefined when the process is gone, and where there is no /proc. */
export async function readProcessMemory(pid: number): Promise<ProcessMemory | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const residentBytes = parseStatusBytes(status, 'VmRSS');
  const peakBytes = parseStatusBytes(status, 'VmHWM');
  return residentBytes === undefined || peakBytes === undefined ? undefined : { residentBytes, peakBytes };
}
