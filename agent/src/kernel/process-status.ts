/**
 * Bytes of a field of /proc/<pid>/status, which is in kB: `statm` counts pages, whose size differs between boards.
 * @returns undefined for a process of the kernel, and one that is gone
 */
export function parseStatusBytes(status: string, field: 'VmRSS' | 'VmHWM'): number | undefined {
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
