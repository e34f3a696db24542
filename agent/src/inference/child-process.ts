import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppError } from '@watchpost/shared/kernel/errors.ts';
import { agentError } from '../kernel/errors.ts';
import { readProcessMemory } from '../kernel/proc-memory.ts';
import type { ChildReply, ChildRequest } from './child-messages.ts';
import { CHANNEL_FD, createReplyReader, encodeRequest } from './child-wire.ts';

/** The entry has this file's ending: .ts from the sources, .js when compiled. */
const ENTRY = fileURLToPath(new URL(`./inference-child${extname(import.meta.url)}`, import.meta.url));
/** Megabytes: what a run leaves behind is small, and V8 would let tens of them gather on a box with much memory. */
const SMALL_YOUNG_GENERATION = ['--max-semi-space-size=1'];
/**
 * Of glibc: one arena, whose free end goes back to the system. Loading a model would leave megabytes in an arena of each
 * thread that took part, and its runs live in memory ONNX Runtime keeps by itself.
 */
const THRIFTY_ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };
const LAST_WORDS_CHARS = 2_000;

interface Pending {
  readonly resolve: (reply: ChildReply) => void;
  readonly reject: (error: Error) => void;
}

export interface ProcessGuards {
  /** Aborting it ends the process at once. */
  readonly signal: AbortSignal;
  /** A process that holds more is ended. */
  readonly maxMemoryBytes: number;
  readonly memoryIntervalMs: number;
}

/** One life of an inference process. */
export interface InferenceProcess {
  readonly pid: number | undefined;
  /** How it ended: INFERENCE_CRASHED | INFERENCE_TIMEOUT | INFERENCE_MEMORY; undefined while it lives. */
  end(): AppError | undefined;
  /**
   * One request at a time. A process that does not answer within the limit is killed.
   * @throws AppError as `end`, or what the process answered with
   */
  request(request: ChildRequest, limitMs: number): Promise<ChildReply>;
  /** Ends the process and waits until it is gone. */
  kill(): Promise<void>;
}

export function startInferenceProcess(guards: ProcessGuards): InferenceProcess {
  const child = spawn(process.execPath, [...SMALL_YOUNG_GENERATION, ENTRY], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...THRIFTY_ALLOCATOR },
  });
  let pending: Pending | undefined;
  const settle = (): Pending | undefined => {
    const settled = pending;
    pending = undefined;
    return settled;
  };
  const end = watchEnd(child, (error) => settle()?.reject(error));
  guardProcess(child, end, guards);
  const onReply = (reply: ChildReply): void => {
    if (reply.kind === 'failed') settle()?.reject(rebuildError(reply));
    else settle()?.resolve(reply);
  };
  const write = openChannel(child, onReply, end.kill);

  const request = (message: ChildRequest, limitMs: number): Promise<ChildReply> => {
    if (pending !== undefined) throw new Error(`${message.kind} while another request is being answered`);
    return new Promise<ChildReply>((resolve, reject) => {
      const lastError = end.error();
      if (lastError !== undefined) return reject(lastError);
      const timer = setTimeout(() => end.kill(hangs(message, limitMs)), limitMs);
      const done =
        <Value>(finish: (value: Value) => void) =>
        (value: Value): void => {
          clearTimeout(timer);
          finish(value);
        };
      pending = { resolve: done(resolve), reject: done(reject) };
      write(message);
    });
  };

  return {
    pid: child.pid,
    end: end.error,
    request,
    kill: async () => {
      end.kill(notNeeded());
      await end.wait;
    },
  };
}

/**
 * A process that is gone cannot be written to; its end, which follows, rejects the request. Against its type, one for
 * which no files were left has no streams at all.
 */
function openChannel(
  child: ChildProcess,
  onReply: (reply: ChildReply) => void,
  onGibberish: (error: AppError) => void,
): (request: ChildRequest) => void {
  const socket = child.stdio?.[CHANNEL_FD];
  if (!(socket instanceof Socket)) return () => undefined;
  const read = createReplyReader(onReply);
  socket
    .on('error', () => undefined)
    .on('data', (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (cause) {
        onGibberish(
          agentError('INFERENCE_CRASHED', 'the inference process gave no readable answer', { cause }),
        );
      }
    });
  return (request) => {
    socket.cork();
    for (const part of encodeRequest(request)) socket.write(part);
    socket.uncork();
  };
}

interface End {
  readonly wait: Promise<void>;
  /** Undefined while the process lives. */
  error(): AppError | undefined;
  /** SIGKILL, since a process that is stopped heeds no other; the first reason counts. */
  kill(why: AppError): void;
}

function watchEnd(child: ChildProcess, onEnd: (error: AppError) => void): End {
  let killedFor: AppError | undefined;
  let error: AppError | undefined;
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });
  const wait = new Promise<void>((resolve) => {
    const end = (how: string, cause?: Error): void => {
      if (error === undefined) {
        error = killedFor ?? crashed(how, cause ?? new Error(lastWords.trim() || 'it said nothing'));
        onEnd(error);
      }
      resolve();
    };
    child.once('error', (cause) => {
      if (child.pid === undefined) end('could not be started', cause);
    });
    // Not `exit`: with `close`, its last words have been read.
    child.once('close', (code, signal) => end(describeExit(code, signal)));
  });
  const kill = (why: AppError): void => {
    killedFor ??= why;
    child.kill('SIGKILL');
  };
  return { wait, error: () => error, kill };
}

const crashed = (how: string, cause: Error): AppError =>
  agentError('INFERENCE_CRASHED', `the inference process ${how}`, { cause });

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `ended with ${code}`;
  if (signal !== 'SIGKILL') return `ended by ${signal}`;
  return 'ended by SIGKILL from outside, as the system does when memory runs out (`journalctl -k` tells)';
}

const notNeeded = (): AppError =>
  agentError('INFERENCE_CRASHED', 'the inference process was ended with its model');

const hangs = ({ kind }: ChildRequest, limitMs: number): AppError =>
  agentError('INFERENCE_TIMEOUT', `the inference process gave no answer to ${kind} for ${limitMs / 1000} s`);

function guardProcess(child: ChildProcess, end: End, guards: ProcessGuards): void {
  const { pid } = child;
  if (pid === undefined) return;
  const { signal, maxMemoryBytes, memoryIntervalMs } = guards;
  const onAbort = (): void => end.kill(notNeeded());
  const weigh = async (): Promise<void> => {
    const { residentBytes = 0 } = (await readProcessMemory(pid)) ?? {};
    if (residentBytes <= maxMemoryBytes) return;
    const held = `${residentBytes} bytes, more than the ${maxMemoryBytes} it may`;
    end.kill(agentError('INFERENCE_MEMORY', `the inference process held ${held}`));
  };
  const watching = setInterval(weigh, memoryIntervalMs).unref();
  signal.addEventListener('abort', onAbort, { once: true });
  child.once('close', () => {
    clearInterval(watching);
    signal.removeEventListener('abort', onAbort);
  });
  if (signal.aborted) onAbort();
}

function rebuildError(reply: ChildReply & { kind: 'failed' }): AppError {
  return agentError(
    reply.code,
    reply.what,
    reply.cause === '' ? undefined : { cause: new Error(reply.cause) },
  );
}
