import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Ids of the living children of process `parent` whose command line holds `text` (Linux). */
export function childPids(parent: number, text: string): readonly number[] {
  const tasks = readdirSync(`/proc/${parent}/task`);
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return children.filter(
    (pid) => isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text),
  );
}

/** False also for a process that has ended and whose parent has not asked after it. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Resolves when the process is gone; there is no event for somebody else's child. */
export async function waitUntilGone(pid: number, signal: AbortSignal): Promise<void> {
  while (isAlive(pid)) await delay(20, undefined, { signal });
}
