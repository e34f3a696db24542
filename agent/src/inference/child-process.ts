import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppError } from '@watchpost/shared/kernel/errors.ts';
import { agentError } from '../kernel/errors.ts';
import type { ChildReply, ChildRequest } from './child-messages.ts';

/** The entry has this file's ending: .ts from the sources, .js when compiled. */
const ENTRY = fileURLToPath(new URL(`./inference-child${extname(import.meta.url)}`, import.meta.url));
const LAST_WORDS_CHARS = 2_000;

interface Pending {
  readonly resolve: (reply: ChildReply) => void;
  readonly reject: (error: Error) => void;
}

/** One life of an inference process. */
export interface InferenceProcess {
  readonly pid: number | undefined;
  hasEnded(): boolean;
  /**
   * One request at a time. A process that does not answer within the limit is killed.
   * @throws AppError INFERENCE_CRASHED, or what the process answered with
   */
  request(request: ChildRequest, limitMs: number): Promise<ChildReply>;
  /** Ends the process and waits until it is gone. */
  kill(): Promise<void>;
}

export function startInferenceProcess(): InferenceProcess {
  const child = fork(ENTRY, [], {
    execPath: process.execPath,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let pending: Pending | undefined;
  const settle = (): Pending | undefined => {
    const settled = pending;
    pending = undefined;
    return settled;
  };
  const ended = watchEnd(child, (error) => settle()?.reject(error));
  child.on('message', (reply: ChildReply) => {
    if (reply.kind === 'failed') settle()?.reject(rebuildError(reply));
    else settle()?.resolve(reply);
  });

  const request = (message: ChildRequest, limitMs: number): Promise<ChildReply> => {
    if (pending !== undefined) throw new Error(`${message.kind} while another request is being answered`);
    return new Promise<ChildReply>((resolve, reject) => {
      const lastError = ended.error();
      if (lastError !== undefined) return reject(lastError);
      const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
      const done =
        <Value>(finish: (value: Value) => void) =>
        (value: Value): void => {
          clearTimeout(timer);
          finish(value);
        };
      pending = { resolve: done(resolve), reject: done(reject) };
      // A process that is gone cannot be sent to; its end, which follows, rejects the request.
      child.send(message, () => undefined);
    });
  };

  return {
    pid: child.pid,
    hasEnded: () => ended.error() !== undefined,
    request,
    kill: async () => {
      child.kill('SIGKILL');
      await ended.wait;
    },
  };
}

interface End {
  readonly wait: Promise<void>;
  /** Undefined while the process lives. */
  error(): AppError | undefined;
}

function watchEnd(child: ChildProcess, onEnd: (error: AppError) => void): End {
  let error: AppError | undefined;
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });
  const wait = new Promise<void>((resolve) => {
    const end = (how: string, cause?: Error): void => {
      if (error === undefined) {
        error = agentError('INFERENCE_CRASHED', `the inference process ${how}`, {
          cause: cause ?? new Error(lastWords.trim() || 'it said nothing'),
        });
        onEnd(error);
      }
      resolve();
    };
    child.once('error', (cause) => {
      if (child.pid === undefined) end('could not be started', cause);
    });
    // Not `exit`: with `close`, its last words have been read.
    child.once('close', (code, signal) => end(signal === null ? `ended with ${code}` : `ended by ${signal}`));
  });
  return { wait, error: () => error };
}

function rebuildError(reply: ChildReply & { kind: 'failed' }): AppError {
  return agentError(
    reply.code,
    reply.what,
    reply.cause === '' ? undefined : { cause: new Error(reply.cause) },
  );
}
