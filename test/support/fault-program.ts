import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type FaultOrder, type FaultReply, ORDERS_VARIABLE } from './fault-orders.ts';
import { until } from './until.ts';

/** One JSON line of a program's log, and when it was read (monotonic milliseconds). */
export type ProgramLine = Readonly<Record<string, unknown>> & {
  readonly msg?: string;
  readonly seenAtMs: number;
};

/** One life of a program of the project. */
export interface FaultProgram {
  readonly pid: number;
  readonly exited: Promise<void>;
  hasEnded(): boolean;
  /** How it ended, with its last words. */
  ending(): string;
  lines(): readonly ProgramLine[];
  logged(what: string, isIt: (line: ProgramLine) => boolean, limitMs: number): Promise<ProgramLine>;
  /** Tells the preload; resolves with its answer. */
  order(order: FaultOrder): Promise<FaultReply>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  readonly name: string;
  /** Flags, script and arguments, for this very Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** For the preload, before the program begins. */
  readonly orders?: readonly FaultOrder[];
  readonly onLine?: (line: ProgramLine) => void;
}

const PRELOAD = new URL('./fault-preload.ts', import.meta.url).href;
const STOP_LIMIT_MS = 15_000;
const KEPT_LINES = 20_000;

export function startFaultProgram(options: ProgramOptions): FaultProgram {
  const child = spawn(process.execPath, ['--import', PRELOAD, ...options.args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env, [ORDERS_VARIABLE]: JSON.stringify(options.orders ?? []) },
    detached: true,
  });
  const exited = once(child, 'exit').then(() => undefined);
  const lines: ProgramLine[] = [];
  const words: string[] = [];
  const log = createWriteStream(options.logFile, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (text) => {
      log.write(`${text}\n`);
      const line = parseLine(text);
      if (line === undefined) words.splice(0, Math.max(0, words.length - 11), text);
      else {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        options.onLine?.(line);
      }
    });
  }
  child.once('close', () => log.end());
  child.on('error', () => undefined);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ending = (): string => `${child.signalCode ?? child.exitCode ?? 'runs'} ${words.join(' | ')}`.trim();
  const logged = async (what: string, isIt: (line: ProgramLine) => boolean, limitMs: number) => {
    await until(
      `${options.name}: ${what} (${ending()})`,
      () => {
        if (lines.some(isIt)) return true;
        if (hasEnded()) throw new Error(`${options.name} ended before: ${what} (${ending()})`);
        return false;
      },
      limitMs,
    );
    return lines.find(isIt) as ProgramLine;
  };
  return {
    pid: child.pid ?? 0,
    exited,
    hasEnded,
    ending,
    lines: () => lines,
    logged,
    order: (order) => give(child, order),
    kill: () => end(child, 'SIGKILL', exited),
    stop: () => end(child, 'SIGTERM', exited),
  };
}

async function give(child: ChildProcess, order: FaultOrder): Promise<FaultReply> {
  const { promise, resolve, reject } = Promise.withResolvers<FaultReply>();
  const onEnd = (): void => reject(new Error('the program ended before it took an order'));
  child.once('message', (reply: FaultReply) => resolve(reply));
  child.once('exit', onEnd);
  if (child.connected) child.send(order, (error) => void (error !== null && onEnd()));
  else onEnd();
  return promise.finally(() => child.off('exit', onEnd));
}

async function end(child: ChildProcess, signal: NodeJS.Signals, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
}

function parseLine(text: string): ProgramLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return { ...(JSON.parse(text) as object), seenAtMs: performance.now() };
  } catch (error) {
    // A process that is killed may leave half a line.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
