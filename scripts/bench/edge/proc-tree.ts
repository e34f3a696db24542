import { readdirSync, readFileSync } from 'node:fs';
import { parseProcessStat } from '@watchpost/agent/kernel/process-stat.ts';
import { parseStatusBytes } from '@watchpost/agent/kernel/process-status.ts';

/** CPU seconds since the start, and memory now, of a process and all that it started. */
export interface TreeUse {
  readonly cpuSec: number;
  /** Of the process itself. */
  readonly rootCpuSec: number;
  readonly ffmpegCpuSec: number;
  readonly rootRssBytes: number;
  /** Of those that run Node beside it: the inference children. */
  readonly nodeRssBytes: number;
  readonly ffmpegPids: readonly number[];
  readonly nodePids: readonly number[];
}

export function readTree(rootPid: number): TreeUse {
  const tree = descendants(rootPid);
  const root = tree.find(({ pid }) => pid === rootPid);
  const ffmpegs = tree.filter(({ command }) => command === 'ffmpeg');
  const others = tree.filter((it) => it.pid !== rootPid && !ffmpegs.includes(it));
  // What the agent starts and sees end are ffmpegs; an inference child lives on.
  const endedSec = root?.reapedCpuSec ?? 0;
  return {
    cpuSec: tree.reduce((sum, { ownCpuSec, reapedCpuSec }) => sum + ownCpuSec + reapedCpuSec, 0),
    rootCpuSec: root?.ownCpuSec ?? 0,
    ffmpegCpuSec: ffmpegs.reduce((sum, { ownCpuSec }) => sum + ownCpuSec, endedSec),
    rootRssBytes: readRssBytes(rootPid),
    nodeRssBytes: others.reduce((sum, { pid }) => sum + readRssBytes(pid), 0),
    ffmpegPids: ffmpegs.map(({ pid }) => pid),
    nodePids: others.map(({ pid }) => pid),
  };
}

/** What is not there any more is left out. */
function descendants(rootPid: number) {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(Number(name)) : []));
  const tree = new Set([rootPid]);
  for (let size = 0; size !== tree.size; ) {
    size = tree.size;
    for (const { pid, parentPid } of all) if (tree.has(parentPid)) tree.add(pid);
  }
  return all.filter(({ pid }) => tree.has(pid));
}

/** None for a process that is gone. */
function readStat(pid: number) {
  const stat = parseProcessStat(read(`/proc/${pid}/stat`) ?? '');
  return stat === undefined ? [] : [{ pid, ...stat }];
}

const readRssBytes = (pid: number): number =>
  parseStatusBytes(read(`/proc/${pid}/status`) ?? '', 'VmRSS') ?? 0;

/** As RSS, but pages that several processes share, as the program itself, are shared out among them. */
export function readPssBytes(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '') ?? [];
  return Number(kilobytes ?? 0) * 1024;
}

/** The command line of a process; empty when it is gone. */
export const readCommandLine = (pid: number): readonly string[] =>
  (read(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1);

/** Own CPU of one process; it is in the books of its parent when it has ended. */
export function readCpuSec(pid: number): number {
  return readStat(pid)[0]?.ownCpuSec ?? 0;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
