import { readdirSync, readFileSync } from 'node:fs';
import { parseStatusBytes } from '@watchpost/agent/kernel/process-status.ts';

/** One process as /proc tells it. */
interface ProcStat {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Own, user and system. */
  readonly ownTicks: number;
  /** Of children that have ended and were waited for. */
  readonly reapedTicks: number;
}

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

/** USER_HZ, which Linux fixes at 100 for every architecture this runs on. */
const TICKS_PER_SEC = 100;

export function readTree(rootPid: number): TreeUse {
  const tree = descendants(rootPid);
  const root = tree.find(({ pid }) => pid === rootPid);
  const ffmpegs = tree.filter(({ command }) => command === 'ffmpeg');
  const others = tree.filter((it) => it.pid !== rootPid && !ffmpegs.includes(it));
  // What the agent starts and sees end are ffmpegs; an inference child lives on.
  const ended = root?.reapedTicks ?? 0;
  const ticks = tree.reduce((sum, { ownTicks, reapedTicks }) => sum + ownTicks + reapedTicks, 0);
  return {
    cpuSec: ticks / TICKS_PER_SEC,
    rootCpuSec: (root?.ownTicks ?? 0) / TICKS_PER_SEC,
    ffmpegCpuSec: (ffmpegs.reduce((sum, { ownTicks }) => sum + ownTicks, 0) + ended) / TICKS_PER_SEC,
    rootRssBytes: readRssBytes(rootPid),
    nodeRssBytes: others.reduce((sum, { pid }) => sum + readRssBytes(pid), 0),
    ffmpegPids: ffmpegs.map(({ pid }) => pid),
    nodePids: others.map(({ pid }) => pid),
  };
}

/** What is not there any more is left out. */
function descendants(rootPid: number): readonly ProcStat[] {
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : [],
  );
  const tree = new Set([rootPid]);
  for (let size = 0; size !== tree.size; ) {
    size = tree.size;
    for (const { pid, parent } of all) if (tree.has(parent)) tree.add(pid);
  }
  return all.filter(({ pid }) => tree.has(pid));
}

/** proc(5): the command in brackets may hold anything, so fields are counted behind it. */
function readStat(pid: number): ProcStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const at = (index: number): number => Number(fields[index] ?? 0);
  return {
    pid,
    parent: at(1),
    command: text.slice(text.indexOf('(') + 1, close),
    ownTicks: at(11) + at(12),
    reapedTicks: at(13) + at(14),
  };
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
  return (readStat(pid)?.ownTicks ?? 0) / TICKS_PER_SEC;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
