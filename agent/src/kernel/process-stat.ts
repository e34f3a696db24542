/** What /proc/<pid>/stat says of a process. */
export interface ProcessStat {
  /** As the kernel calls it, cut to 15 characters. */
  readonly command: string;
  /** `Z` has ended, and its parent has not asked after it. */
  readonly state: string;
  readonly parentPid: number;
  /** User and system. */
  readonly ownCpuSec: number;
  /** Of children that have ended and were waited for. */
  readonly reapedCpuSec: number;
}

/** USER_HZ, which Linux fixes at 100 for every architecture this runs on. */
const TICKS_PER_SEC = 100;

/**
 * By proc_pid_stat(5), where the state is field 3. The command in brackets may hold anything, brackets and blanks as
 * well, so fields are counted behind it.
 * @returns undefined for what is none, as the file of a process that is gone
 */
export function parseProcessStat(stat: string): ProcessStat | undefined {
  const close = stat.lastIndexOf(')');
  const [state = '', ...fields] = stat.slice(close + 2).split(' ');
  if (close < 0 || state === '') return undefined;
  const at = (field: number): number => Number(fields[field - 4] ?? 0);
  return {
    command: stat.slice(stat.indexOf('(') + 1, close),
    state,
    parentPid: at(4),
    ownCpuSec: (at(14) + at(15)) / TICKS_PER_SEC,
    reapedCpuSec: (at(16) + at(17)) / TICKS_PER_SEC,
  };
}
