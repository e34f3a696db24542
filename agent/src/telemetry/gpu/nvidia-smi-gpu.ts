import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { GpuReading, GpuSource } from '../port.ts';
import { GPU_COLUMNS, parseGpuLine } from './gpu-parse.ts';

export interface NvidiaSmiOptions {
  readonly intervalSec: number;
  readonly clock: Clock;
  /** A draw from [0, 1), for the jitter of restarts. */
  random01(): number;
  readonly log: Logger;
  /** Present on boxes with an NVIDIA card. Default: /dev/nvidia0. */
  readonly device?: string;
  /** Default: nvidia-smi. */
  readonly command?: string;
  /** Default: 1 to 300 s. */
  readonly backoff?: BackoffPolicy;
}

const BACKOFF: BackoffPolicy = { baseMs: 1000, maxMs: 300_000 };
/** Readings older than this many intervals say nothing about now. */
const STALE_INTERVALS = 3;
const KILL_AFTER_MS = 3000;

type Child = ChildProcessByStdio<null, Readable, null>;

/** One `nvidia-smi` that lives as long as the agent: starting it for each sample costs more than the sample. */
export function createNvidiaSmiGpu(options: NvidiaSmiOptions): GpuSource & Component {
  return new NvidiaSmiGpu(options);
}

class NvidiaSmiGpu implements GpuSource, Component {
  readonly name = 'nvidia-smi-gpu';
  readonly #options: NvidiaSmiOptions;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #readings = new Map<number, GpuReading>();
  #readAtMs = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: NvidiaSmiOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: this.name });
  }

  async start(signal: AbortSignal): Promise<void> {
    if (!existsSync(this.#options.device ?? '/dev/nvidia0')) return;
    this.#loop = this.#supervise(AbortSignal.any([signal, this.#stopping.signal]));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async read(): Promise<readonly GpuReading[]> {
    const { clock, intervalSec } = this.#options;
    const ageMs = clock.monotonicMs() - this.#readAtMs;
    if (ageMs > STALE_INTERVALS * intervalSec * 1000) return [];
    return [...this.#readings.values()];
  }

  async #supervise(signal: AbortSignal): Promise<void> {
    const { backoff = BACKOFF, random01 } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const end = await this.#watch(signal);
      if (signal.aborted) return;
      if (attempt === 0) this.#log.warn({ end }, 'graphics card readings stopped');
      await waitMs(computeBackoffMs(backoff, attempt, random01()), signal);
    }
  }

  /** @returns how the child ended */
  async #watch(signal: AbortSignal): Promise<string> {
    const { command = 'nvidia-smi', intervalSec } = this.#options;
    const query = [
      `--query-gpu=${GPU_COLUMNS}`,
      '--format=csv,noheader,nounits',
      '-l',
      String(Math.ceil(intervalSec)),
    ];
    const child = spawn(command, query, { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    const kill = (): void => killSurely(child);
    signal.addEventListener('abort', kill);
    if (signal.aborted) kill();
    const end = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, by) => resolve(by ?? `exit ${code}`));
    });
    signal.removeEventListener('abort', kill);
    return end;
  }

  #take(line: string): void {
    const card = parseGpuLine(line);
    if (card === undefined) return;
    this.#readings.set(card.index, card.reading);
    this.#readAtMs = this.#options.clock.monotonicMs();
  }
}

function killSurely(child: Child): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  child.once('close', () => clearTimeout(timer));
}
