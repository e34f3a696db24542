import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { addCounters, type BoxSummary, type HostCounters } from './box-report.ts';
import type { Population } from './population.ts';
import type { BoxEntry, Share, WorkerOrder, WorkerReply } from './worker-messages.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Virtual boxes, played by a few processes. */
export interface VirtualFleet {
  /** Lets the boxes connect. */
  start(): void;
  /** As last told by the processes. */
  counters(): HostCounters;
  storm(backWithinMs: number | undefined): void;
  summaries(): Promise<readonly BoxSummary[]>;
  /** Rejects when a process ends by itself. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** @returns once the server knows every box */
export async function createVirtualFleet(options: {
  readonly population: Population;
  readonly devices: number;
  readonly workers: number;
  readonly entry: BoxEntry;
}): Promise<VirtualFleet> {
  const { population, devices, workers, entry } = options;
  const players = splitEvenly(devices, workers).map((share) => new Player(share));
  const failed = Promise.race(players.map((player) => player.failed));
  failed.catch(() => undefined);
  const stop = async (): Promise<void> => {
    await Promise.all(players.map((player) => player.stop()));
  };
  try {
    await Promise.race([failed, Promise.all(players.map((player) => player.begin(population, entry)))]);
  } catch (error) {
    await stop();
    throw error;
  }
  const order = (message: WorkerOrder): void => {
    for (const player of players) player.send(message);
  };
  return {
    start: () => order({ kind: 'start' }),
    storm: (backWithinMs) => order({ kind: 'storm', backWithinMs }),
    counters: () => addCounters(players.flatMap(({ counters }) => counters ?? [])),
    summaries: async () => {
      const all = await Promise.race([failed, Promise.all(players.map((player) => player.summaries()))]);
      return all.flat();
    },
    failed,
    stop,
  };
}

function splitEvenly(devices: number, workers: number): readonly Share[] {
  const each = Math.ceil(devices / workers);
  return Array.from({ length: workers }, (_, at) => ({
    first: at * each,
    count: Math.max(0, Math.min(each, devices - at * each)),
  })).filter(({ count }) => count > 0);
}

/** One process. */
class Player {
  readonly #child: ChildProcess;
  readonly #share: Share;
  readonly failed: Promise<never>;
  readonly #ready = Promise.withResolvers<void>();
  #summaries = Promise.withResolvers<readonly BoxSummary[]>();
  #isStopping = false;
  counters: HostCounters | undefined;

  constructor(share: Share) {
    this.#share = share;
    this.#child = fork(WORKER, { execArgv: ['--max-semi-space-size=32'], detached: true });
    const failure = Promise.withResolvers<never>();
    this.failed = failure.promise;
    this.failed.catch(() => undefined);
    this.#child.on('message', (reply: WorkerReply) => {
      if (reply.kind === 'ready') this.#ready.resolve();
      if (reply.kind === 'counters') this.counters = reply.counters;
      if (reply.kind === 'summaries') this.#summaries.resolve(reply.boxes);
      if (reply.kind === 'failed') failure.reject(new Error(reply.problem));
    });
    this.#child.once('exit', (code, signal) => {
      if (!this.#isStopping)
        failure.reject(new Error(`a process of the boxes ended: ${signal ?? `exit ${code}`}`));
    });
  }

  begin(population: Population, entry: BoxEntry): Promise<void> {
    this.send({ kind: 'begin', population, share: this.#share, entry });
    return this.#ready.promise;
  }

  send(order: WorkerOrder): void {
    this.#child.send(order);
  }

  summaries(): Promise<readonly BoxSummary[]> {
    this.#summaries = Promise.withResolvers();
    this.send({ kind: 'summarize' });
    return this.#summaries.promise;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
