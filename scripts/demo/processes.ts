import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

/** One JSON line of a program's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** A program of the project, running. */
export interface Program {
  readonly name: string;
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves with the first log line whose message is `message`. @throws Error when the program ends before, or after `limitMs` */
  logged(message: string, limitMs: number): Promise<LogLine>;
  /** Its latest log lines. */
  lines(): readonly LogLine[];
  /** Asks it to stop, and makes it stop after ten seconds. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

export interface ProgramOptions {
  readonly name: string;
  /** Script and arguments, for this very Node. */
  readonly args: readonly string[];
  readonly logFile: string;
}

const KEPT_LINES = 10_000;
const STOP_LIMIT_MS = 10_000;

/** Starts a program in its own process group, so that Ctrl-C in the terminal reaches only the demo, which stops it in order. */
export async function startProgram({ name, args, logFile }: ProgramOptions): Promise<Program> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const exited = once(child, 'exit');
  const lines: LogLine[] = [];
  const listeners = new Set<(line: LogLine) => void>();
  const lastWords: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => {
      log.write(`${text}\n`);
      const line = parseLine(text);
      if (line === undefined) lastWords.splice(0, Math.max(0, lastWords.length - 9), text);
      if (line === undefined) return;
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      for (const listener of listeners) listener(line);
    });
  }
  child.once('exit', () => log.end());

  const logged = async (message: string, limitMs: number): Promise<LogLine> => {
    const found = Promise.withResolvers<LogLine>();
    const look = (line: LogLine): void => {
      if (line.msg === message) found.resolve(line);
    };
    lines.forEach(look);
    listeners.add(look);
    const timer = setTimeout(
      () =>
        found.reject(new Error(`${name} did not say "${message}" in ${limitMs / 1000} s; see ${logFile}`)),
      limitMs,
    );
    const ended = exited.then(() =>
      found.reject(new Error(`${name} ended. ${lastWords.join('\n')} (log: ${logFile})`)),
    );
    try {
      return await Promise.race([found.promise, ended.then(() => found.promise)]);
    } finally {
      clearTimeout(timer);
      listeners.delete(look);
    }
  };
  return {
    name,
    pid: child.pid,
    logged,
    lines: () => lines,
    stop: () => endProgram(child, 'SIGTERM', exited),
    kill: () => endProgram(child, 'SIGKILL', exited),
  };
}

async function endProgram(
  child: ChildProcess,
  signal: NodeJS.Signals,
  exited: Promise<unknown>,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}

function parseLine(text: string): LogLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as LogLine;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
