import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CameraStats } from '@watchpost/shared/messages/camera.ts';
import type { BenchFleet } from './broker.ts';
import type { LaidBox } from './laid-box.ts';
import { readCommandLine, readTree, type TreeUse } from './proc-tree.ts';
import { mean } from './targets.ts';
import type { BenchWorld } from './world.ts';

/** `watchpost-agent run`, a process of its own, as it is watched from outside. */
export interface AgentRun {
  readonly pid: number;
  readonly startedMs: number;
  /** Resolves with the first log line of this message. @throws Error when the agent ends, or after `limitMs` */
  logged(message: string, limitMs: number): Promise<Readonly<Record<string, unknown>>>;
  use(): TreeUse;
  /** How its ffmpegs were started. */
  ffmpegs(): readonly (readonly string[])[];
  /** Resolves when each of these cameras has told of frames that were classified, `times` times. */
  flowing(cameras: readonly string[], times?: number): Promise<void>;
  /** Resolves when each of these cameras has told of a time in which nothing but keyframes was decoded. */
  resting(cameras: readonly string[]): Promise<void>;
  /** What it used and told in `seconds`. */
  watch(seconds: number): Promise<AgentWindow>;
  /** Of the event loop since the last call; undefined where it was not started `withLoopDelay`. */
  loopDelayP99Ms(): Promise<number | undefined>;
  stop(): Promise<void>;
}

export interface AgentWindow {
  readonly seconds: number;
  readonly cpuSec: number;
  readonly rootCpuSec: number;
  readonly ffmpegCpuSec: number;
  /** Of all cameras together. */
  readonly processedFps: number;
  /** Every report of every camera that came meanwhile. */
  readonly stats: readonly (CameraStats & { readonly camera: string })[];
}

export interface AgentOptions {
  readonly box: LaidBox;
  readonly fleet: BenchFleet;
  readonly world: Pick<BenchWorld, 'profiles' | 'signal' | 'program' | 'environment'>;
  readonly withLoopDelay?: boolean;
  /** Program and arguments before `run`; default: that of the world. */
  readonly program?: readonly string[];
}

const FLOW_LIMIT_MS = 90_000;
/** Some are still seen moving in the beginning, and a switch waits for the next keyframe. */
const REST_LIMIT_MS = 180_000;
/** Of keyframes alone there are fewer. */
const REST_MAX_FPS = 1;
const STOP_LIMIT_MS = 15_000;
const LOOP_DELAY = fileURLToPath(new URL('loop-delay.ts', import.meta.url));

export function startAgent(options: AgentOptions): AgentRun {
  const { box, fleet } = options;
  const delayFile = join(box.dataDir, 'loop-delay.json');
  const startedMs = performance.now();
  const child = spawnAgent(options, delayFile);
  const lines = followLog(child);
  const kill = (): void => void child.kill('SIGKILL');
  options.world.signal.addEventListener('abort', kill, { once: true });
  const pid = child.pid ?? 0;
  const listen: Listen = (onStats) => fleet.onStats((camera, stats) => onStats({ ...stats, camera }));
  const reported = (wait: ReportWait): Promise<void> =>
    Promise.race([waitForReports(wait, listen, lines.last), lines.ended]);
  return {
    pid,
    startedMs,
    logged: (message, limitMs) => lines.wait(message, limitMs),
    use: () => readTree(pid),
    ffmpegs: () => readTree(pid).ffmpegPids.map(readCommandLine),
    flowing: (cameras, times = 1) =>
      reported({ cameras, times, limitMs: FLOW_LIMIT_MS, isMeant: ({ processedFps }) => processedFps > 0 }),
    resting: (cameras) =>
      reported({
        ...{ cameras, times: 1, limitMs: REST_LIMIT_MS },
        isMeant: ({ tier, capturedFps }) => tier === 'keyframes' && capturedFps <= REST_MAX_FPS,
      }),
    watch: (seconds) => watchWindow(pid, seconds, listen),
    loopDelayP99Ms: async () => {
      if (!options.withLoopDelay) return undefined;
      await rm(delayFile, { force: true });
      child.kill('SIGUSR2');
      return readWhenThere(delayFile);
    },
    stop: async () => {
      options.world.signal.removeEventListener('abort', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_LIMIT_MS);
      await once(child, 'exit');
      clearTimeout(timer);
    },
  };
}

function spawnAgent({ box, world, withLoopDelay, program }: AgentOptions, delayFile: string): ChildProcess {
  const profile = world.profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${world.profiles}`];
  const meter = withLoopDelay ? ['--import', LOOP_DELAY] : [];
  const [command = process.execPath, ...args] = program ?? world.program;
  return spawn(command, [...profile, ...meter, ...args, 'run', '--config', box.config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...world.environment, PATH: process.env.PATH, BENCH_LOOP_DELAY_FILE: delayFile },
  });
}

type Report = AgentWindow['stats'][number];
type Listen = (onStats: (stats: Report) => void) => () => void;

interface ReportWait {
  readonly cameras: readonly string[];
  /** How often each has to tell it. */
  readonly times: number;
  readonly isMeant: (report: Report) => boolean;
  readonly limitMs: number;
}

async function waitForReports(
  { cameras, times, isMeant, limitMs }: ReportWait,
  listen: Listen,
  lastLines: () => string,
): Promise<void> {
  const left = new Map(cameras.map((camera) => [camera, times]));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = (): void => {
    const missing = [...left.keys()].join(', ');
    reject(new Error(`not told in ${limitMs / 1000} s by ${missing}: ${lastLines()}`));
  };
  const timer = setTimeout(late, limitMs);
  const ignore = listen((report) => {
    if (!isMeant(report)) return;
    const count = (left.get(report.camera) ?? 0) - 1;
    if (count > 0) left.set(report.camera, count);
    else left.delete(report.camera);
    if (left.size === 0) resolve();
  });
  await promise.finally(() => {
    clearTimeout(timer);
    ignore();
  });
}

async function watchWindow(pid: number, seconds: number, listen: Listen): Promise<AgentWindow> {
  const stats: AgentWindow['stats'][number][] = [];
  const ignore = listen((it) => stats.push(it));
  const [before, fromMs] = [readTree(pid), performance.now()];
  await delay(seconds * 1000);
  const [after, toMs] = [readTree(pid), performance.now()];
  ignore();
  const byCamera = Map.groupBy(stats, ({ camera }) => camera);
  const fps = [...byCamera.values()].map((all) => mean(all.map(({ processedFps }) => processedFps)));
  return {
    seconds: (toMs - fromMs) / 1000,
    cpuSec: after.cpuSec - before.cpuSec,
    rootCpuSec: after.rootCpuSec - before.rootCpuSec,
    ffmpegCpuSec: after.ffmpegCpuSec - before.ffmpegCpuSec,
    processedFps: fps.reduce((sum, value) => sum + value, 0),
    stats,
  };
}

interface Log {
  readonly ended: Promise<never>;
  wait(message: string, limitMs: number): Promise<Readonly<Record<string, unknown>>>;
  last(): string;
}

function followLog(child: ChildProcess): Log {
  const texts: string[] = [];
  const known = new Map<string, Readonly<Record<string, unknown>>>();
  const waiting = new Map<string, (line: Readonly<Record<string, unknown>>) => void>();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  const last = (): string => texts.slice(-5).join('\n');
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (text) => {
      texts.splice(0, Math.max(0, texts.length - 20), text);
      if (!text.startsWith('{')) return;
      const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
      const message = String(line.msg);
      if (!known.has(message)) known.set(message, line);
      waiting.get(message)?.(line);
    });
  }
  child.once('exit', (code, signal) =>
    ended.reject(new Error(`the agent ended (${code ?? signal}): ${last()}`)),
  );
  return {
    ended: ended.promise,
    last,
    wait: async (message, limitMs) => {
      const found = known.get(message);
      if (found !== undefined) return found;
      const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
      waiting.set(message, resolve);
      const timer = setTimeout(() => reject(new Error(`"${message}" was not logged: ${last()}`)), limitMs);
      return Promise.race([promise, ended.promise]).finally(() => {
        clearTimeout(timer);
        waiting.delete(message);
      });
    },
  };
}

const READ_LIMIT_MS = 5_000;

async function readWhenThere(file: string): Promise<number> {
  for (const sinceMs = performance.now(); performance.now() - sinceMs < READ_LIMIT_MS; await delay(50)) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return (JSON.parse(text) as { readonly p99Ms: number }).p99Ms;
  }
  throw new Error('the agent did not tell the delay of its event loop');
}
