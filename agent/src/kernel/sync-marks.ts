import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The kernel's own answer (adjtimex) needs a system call that Node does not have. systemd-timesyncd makes this file
 * once it is in step; chronyd keeps its drift once it has been, and its pid file while it runs.
 */
const SYNC_MARKS = [
  ['run/systemd/timesync/synchronized'],
  ['run/chrony/chronyd.pid', 'var/lib/chrony/drift'],
];

/** Whether the system says that its clock is in step. @param root where /run and /var are looked up */
export function isClockSynced(root = '/'): boolean {
  return SYNC_MARKS.some((paths) => paths.every((path) => existsSync(join(root, path))));
}
