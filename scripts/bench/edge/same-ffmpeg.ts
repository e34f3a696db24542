import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { readCpuSec } from './proc-tree.ts';

/** The very ffmpeg of the agent, by its command line, with every output thrown away. */
export function throwAway(commandLine: readonly string[]): readonly string[] {
  const [program = 'ffmpeg', ...args] = commandLine;
  if (args.includes('pipe:0'))
    throw new Error('an ffmpeg that reads its input from a pipe cannot be repeated');
  return [program, '-y', ...args.map((arg) => (/^pipe:\d+$/.test(arg) ? '/dev/null' : arg))];
}

/** @returns CPU seconds of all of them together, in `seconds` from when they have run for a while */
export async function measureLive(
  commandLines: readonly (readonly string[])[],
  { warmUpSec, seconds }: { readonly warmUpSec: number; readonly seconds: number },
  signal: AbortSignal,
): Promise<number> {
  const children = commandLines.map((line) => start(throwAway(line), signal));
  try {
    await delay(warmUpSec * 1000, undefined, { signal });
    const before = children.map(cpuOf);
    await delay(seconds * 1000, undefined, { signal });
    const after = children.map(cpuOf);
    const ended = children.find(({ exitCode }) => exitCode !== null);
    if (ended !== undefined) throw new Error(`an ffmpeg of the baseline ended: ${ended.spawnargs.join(' ')}`);
    return after.reduce((sum, cpuSec, at) => sum + cpuSec - (before[at] ?? 0), 0);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

const cpuOf = ({ pid = 0 }: ChildProcess): number => readCpuSec(pid);

function start([program = '', ...args]: readonly string[], signal: AbortSignal): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'], signal });
  child.on('error', () => undefined);
  return child;
}

/** What one pass over a recording takes. */
export interface Pass {
  /** Per second of the recording. */
  readonly cpuSecPerMediaSec: number;
  readonly mediaSecPerSec: number;
}

const WARM_UP_MEDIA_SEC = 1;

/** Reads `mediaSec` of the recording the agent reads, as the agent reads it. */
export async function measurePass(
  commandLine: readonly string[],
  mediaSec: number,
  signal: AbortSignal,
): Promise<Pass> {
  const [program = '', ...args] = throwAway(withoutSeek(commandLine));
  const progress = ['-progress', 'pipe:1', '-stats_period', '0.1'];
  const child = spawn(program, [...progress, ...args], { stdio: ['ignore', 'pipe', 'ignore'], signal });
  const marks: { readonly mediaSec: number; readonly cpuSec: number; readonly atMs: number }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, micros] = /^out_time_us=(\d+)$/.exec(line) ?? [];
    if (micros === undefined) return;
    marks.push({
      mediaSec: Number(micros) / 1e6,
      cpuSec: readCpuSec(child.pid ?? 0),
      atMs: performance.now(),
    });
    if (Number(micros) / 1e6 > mediaSec + WARM_UP_MEDIA_SEC) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const [first] = marks.filter((mark) => mark.mediaSec >= WARM_UP_MEDIA_SEC);
  // The last line of one that ended by itself comes when its CPU can no longer be read.
  const last = marks.findLast(({ cpuSec }) => cpuSec > (first?.cpuSec ?? 0));
  if (first === undefined || last === undefined)
    throw new Error('the ffmpeg of the baseline gave no progress');
  const media = last.mediaSec - first.mediaSec;
  return {
    cpuSecPerMediaSec: (last.cpuSec - first.cpuSec) / media,
    mediaSecPerSec: (media * 1000) / (last.atMs - first.atMs),
  };
}

/** The agent may have gone on in the middle of the recording, or given its own word for progress. */
function withoutSeek(commandLine: readonly string[]): readonly string[] {
  const dropped = ['-ss', '-progress'];
  return commandLine.filter(
    (arg, at) => !dropped.includes(arg) && !dropped.includes(commandLine[at - 1] ?? ''),
  );
}
