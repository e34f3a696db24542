import { readFile } from 'node:fs/promises';

export interface ProcessMemory {
  readonly residentBytes: number;
  /** The most that was resident at once. */
  readonly peakBytes: number;
}

/**
 * From /proc/<pid>/status, which is in kB: `statm` counts pages, whose size differs between boards. Undefined when the process is gone, and where there is no
 * /proc.
 */
export async function readProcessMemory(pid: number): Promise<ProcessMemory | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const bytesOf = (field: string): number | undefined => {
    const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  };
  const [residentBytes, peakBytes] = [bytesOf('VmRSS'), bytesOf('VmHWM')];
  return residentBytes === undefined || peakBytes === undefined ? undefined : { residentBytes, peakBytes };
}
