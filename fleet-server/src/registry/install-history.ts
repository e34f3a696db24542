import type { InstallRecord } from '../store/port.ts';

export interface RunningInstall extends InstallRecord {
  /** When the next one took over; absent if none has. */
  readonly untilMs?: number;
}

/**
 * The install that ran at a time, by the clock of the device. Of two with the same time the one told later ran.
 * @param installs in the order they were told
 */
export function findRunning(installs: readonly InstallRecord[], atMs: number): RunningInstall | undefined {
  const byTime = installs.toSorted((one, other) => one.sinceMs - other.sinceMs);
  const index = byTime.findLastIndex(({ sinceMs }) => sinceMs <= atMs);
  const running = byTime[index];
  const next = byTime[index + 1];
  if (running === undefined) return undefined;
  return { ...running, ...(next !== undefined && { untilMs: next.sinceMs }) };
}
