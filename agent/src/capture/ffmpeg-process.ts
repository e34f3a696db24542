import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { FfmpegInvocation } from './ffmpeg-arguments.ts';
import type { ChunkSink } from './frame-splitter.ts';
import type { FfmpegExit } from './stream-error.ts';

export interface FfmpegSinks {
  readonly onFrameBytes: ChunkSink;
  readonly onPictureBytes: ChunkSink;
}

export interface FfmpegProcess {
  /** Resolves when the process is gone and everything it wrote was handed over. Never rejects. */
  readonly gone: Promise<FfmpegExit>;
  /** SIGTERM, and SIGKILL when that is not heeded. */
  end(): void;
  /** What it complained about so far was not fatal. */
  forgive(): void;
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
    for (const child of running) signalGroup(child, 'SIGKILL');
  };
  return {
    launch(invocation, sinks) {
      if (running.size === 0) process.on('exit', killAll);
      const child = startChild(deps.ffmpegPath, invocation);
      running.add(child);
      return superviseChild(child, sinks, deps, () => {
        running.delete(child);
        if (running.size === 0) process.off('exit', killAll);
      });
    },
  };
}

/** A process group of its own, so that the whole of it can be killed; nobody's terminal reaches it. */
function startChild(ffmpegPath: string, { args, stdin }: FfmpegInvocation): ChildProcess {
  const input = stdin === undefined ? 'ignore' : 'pipe';
  const child = spawn(ffmpegPath, args, {
    detached: true,
    stdio: [input, 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', ignoreClosedPipe);
  child.stdin?.end(stdin);
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
  drain(child.stdio[2], (chunk) => {
    stderr = (stderr + Buffer.from(chunk).toString()).slice(-STDERR_TAIL_CHARS);
  });
  drain(child.stdio[3], sinks.onFrameBytes);
  drain(child.stdio[4], sinks.onPictureBytes);
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
      signalGroup(child, 'SIGTERM');
      killTimer = setTimeout(() => signalGroup(child, 'SIGKILL'), killAfterMs);
    },
    forgive() {
      stderr = '';
    },
  };
}

function drain(pipe: Readable | Writable | null | undefined, sink: ChunkSink): void {
  pipe?.on('data', sink);
  pipe?.on('error', ignoreClosedPipe);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || hasExited(child)) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // Gone between the check and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
