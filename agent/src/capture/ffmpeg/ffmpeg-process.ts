import { type ChildProcess, spawn } from 'node:child_process';
import { Readable, type Writable } from 'node:stream';
import { signalGroup } from '@watchpost/shared/kernel/process-group.ts';
import { readProcessMemory } from '../../kernel/proc-memory.ts';
import type { ChunkSink } from '../frames/frame-splitter.ts';
import { type FfmpegExit, keepFatal } from '../sources/stream-error.ts';
import { type FfmpegInvocation, FIRST_FRAME_PIPE, PICTURE_PIPE } from './ffmpeg-arguments.ts';

export interface FfmpegSinks {
  readonly onPictureBytes: ChunkSink;
  /** One for each output, in their order. */
  readonly onFrameBytes: readonly ChunkSink[];
}

export interface FfmpegProcess {
  /** Resolves when the process is gone and everything it wrote was handed over. Never rejects. */
  readonly gone: Promise<FfmpegExit>;
  /** SIGTERM, and SIGKILL when that is not heeded. */
  end(): void;
  /** SIGKILL at once, which also reaches a stopped one. */
  kill(): void;
  /** What it complained about so far was not fatal. */
  forgive(): void;
  /** What it holds of the machine's memory; undefined when it is gone. */
  rssBytes(): Promise<number | undefined>;
  /** For an input that is fed: resolves when there is room for more, or the process reads no more. */
  feed(bytes: Uint8Array): Promise<void>;
  /** Nothing it writes is read until `resume`: it waits as soon as its pipes are full. */
  pause(): void;
  resume(): void;
}

export interface FfmpegLauncher {
  launch(invocation: FfmpegInvocation, sinks: FfmpegSinks): FfmpegProcess;
}

export interface FfmpegLauncherDeps {
  readonly ffmpegPath: string;
  readonly nowMs: () => number;
  readonly killAfterMs: number;
}

const STDERR_TAIL_CHARS = 4_096;

/** Starts ffmpeg processes, and kills those that are left when this process exits. */
export function createFfmpegLauncher(deps: FfmpegLauncherDeps): FfmpegLauncher {
  const running = new Set<ChildProcess>();
  const killAll = (): void => {
    for (const child of running) signalChild(child, 'SIGKILL');
  };
  return {
    launch(invocation, sinks) {
      if (running.size === 0) process.on('exit', killAll);
      const child = startChild(deps.ffmpegPath, invocation, sinks.onFrameBytes.length);
      running.add(child);
      return superviseChild(child, sinks, deps, () => {
        running.delete(child);
        if (running.size === 0) process.off('exit', killAll);
      });
    },
  };
}

/** A process group of its own, so that the whole of it can be killed; nobody's terminal reaches it. */
function startChild(ffmpegPath: string, invocation: FfmpegInvocation, outputs: number): ChildProcess {
  const { args, stdin, isFed = false } = invocation;
  const input = stdin === undefined && !isFed ? 'ignore' : 'pipe';
  const framePipes = Array.from({ length: outputs }, () => 'pipe' as const);
  const child = spawn(ffmpegPath, args, {
    detached: true,
    stdio: [input, 'ignore', 'pipe', 'pipe', ...framePipes],
  });
  child.stdin?.on('error', ignoreClosedPipe);
  if (!isFed) child.stdin?.end(stdin);
  return child;
}

/** An ffmpeg that died before it read its input says why in its exit. */
const ignoreClosedPipe = (): void => undefined;

function superviseChild(
  child: ChildProcess,
  sinks: FfmpegSinks,
  { nowMs, killAfterMs }: FfmpegLauncherDeps,
  onGone: () => void,
): FfmpegProcess {
  const startedAtMs = nowMs();
  const gone = Promise.withResolvers<FfmpegExit>();
  let stderr = '';
  let killTimer: NodeJS.Timeout | undefined;
  const pipes = pipesOf(child);
  drain(pipes[2], (chunk) => {
    stderr = (stderr + Buffer.from(chunk).toString()).slice(-STDERR_TAIL_CHARS);
  });
  drain(pipes[PICTURE_PIPE], sinks.onPictureBytes);
  for (const [at, sink] of sinks.onFrameBytes.entries()) drain(pipes[FIRST_FRAME_PIPE + at], sink);
  const settle = (exitCode: number | null, signal: string | null): void => {
    clearTimeout(killTimer);
    onGone();
    gone.resolve({ exitCode, signal, stderr, ranForMs: nowMs() - startedAtMs });
  };
  child.once('close', settle);
  child.once('error', (error) => {
    stderr = `cannot run ffmpeg: ${error.message}`;
    if (child.pid === undefined) settle(null, null);
  });
  return {
    gone: gone.promise,
    end() {
      if (killTimer !== undefined || hasExited(child)) return;
      signalChild(child, 'SIGTERM');
      killTimer = setTimeout(() => signalChild(child, 'SIGKILL'), killAfterMs);
    },
    kill: () => signalChild(child, 'SIGKILL'),
    forgive() {
      stderr = keepFatal(stderr);
    },
    rssBytes: async () =>
      child.pid === undefined ? undefined : (await readProcessMemory(child.pid))?.residentBytes,
    feed: (bytes) => feedChild(child, bytes),
    pause: () => outputsOf(child).forEach((pipe) => void pipe.pause()),
    resume: () => outputsOf(child).forEach((pipe) => void pipe.resume()),
  };
}

/** Against its type, a child has no streams at all where no files were left to make them. */
const pipesOf = ({ stdio }: ChildProcess): readonly (Readable | Writable | null | undefined)[] => stdio ?? [];

/** What it says on standard error is always read. */
const outputsOf = (child: ChildProcess): readonly Readable[] =>
  pipesOf(child)
    .slice(PICTURE_PIPE)
    .filter((pipe) => pipe instanceof Readable);

/** Resolves when the pipe took them; also when nobody reads it any more, which the exit explains. */
function feedChild({ stdin }: ChildProcess, bytes: Uint8Array): Promise<void> {
  const taken = Promise.withResolvers<void>();
  if (!stdin?.writable) return Promise.resolve();
  stdin.write(bytes, () => taken.resolve());
  return taken.promise;
}

function drain(pipe: Readable | Writable | null | undefined, sink: ChunkSink): void {
  pipe?.on('data', sink);
  pipe?.on('error', ignoreClosedPipe);
}

function signalChild(child: ChildProcess, name: NodeJS.Signals): void {
  if (!hasExited(child)) signalGroup(child.pid, name);
}

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
