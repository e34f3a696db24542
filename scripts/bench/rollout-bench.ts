import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RolloutView } from '@watchpost/shared/api/rollouts.ts';
import type { BoxSummary, HostCounters } from '../simulate/box-report.ts';
import { openApi } from '../simulate/enrol-boxes.ts';
import type { OwnServer } from '../simulate/own-server.ts';
import { formatProgress } from '../simulate/progress.ts';
import { isOver, startRollout, viewRollout } from '../simulate/rollout-drive.ts';
import { loadScenario } from '../simulate/scenario-file.ts';
import { openOwnWorld, type World } from '../simulate/world.ts';
import { type Agreement, checkAgreement, computeLatencies, type Latencies } from './rollout-figures.ts';
import { openLedger } from './sqlite-ledger.ts';

export interface RolloutBenchOptions {
  readonly devices: number;
  readonly seed: number;
  readonly workers: number;
  /** Of the Node of the server. */
  readonly nodeFlags: readonly string[];
  readonly say: (text: string) => void;
}

export interface RolloutFigures extends Latencies, Agreement {
  readonly devices: number;
  /** Of the rollout, from its start to its end, with the kill in between. */
  readonly seconds: number;
  readonly devicesPerSec: number;
  readonly rolloutState: string;
  readonly waves: number;
  /** The first connections of all boxes, over the ramp of the scenario. */
  readonly connectSec: number;
  /** From the kill until every box was back and had its receipts. */
  readonly killToSteadySec: number;
  readonly reconnectStormSec: number;
  readonly serverCpuSec: number;
  readonly serverRssMb: number;
  readonly boxesRssMb: number;
  readonly statusLost: number;
  readonly statusTwice: number;
  readonly statusRejected: number;
  readonly messages: number;
}

const SCENARIO = fileURLToPath(new URL('rollout.yaml', import.meta.url));
const MB = 1024 * 1024;
const LOOK_EVERY_MS = 100;
const SAY_EVERY_MS = 5000;
/** The view of a rollout costs the server a look at each of its devices. */
const POLL_EVERY_MS = 1000;
/** The server lies dead for so long. */
const DOWN_MS = 2000;
/** Of the last wave, when the server is killed. */
const KILL_AT_SHARE = 0.3;
/** A little more than what the backoff of a box takes for a good connection. */
const STABLE_MS = 31_000;
const CONNECT_LIMIT_SEC = 300;
const ROLLOUT_LIMIT_SEC = 1200;

/** Rollout, kill -9 and storm on a server of its own, one after the other. */
export async function benchRollout(
  options: RolloutBenchOptions,
  signal: AbortSignal,
): Promise<RolloutFigures> {
  const scenario = await loadScenario(SCENARIO);
  const world = await openOwnWorld({ ...options, scenario }, options.say);
  try {
    signal.throwIfAborted();
    const aborted = once(signal, 'abort').then(() => Promise.reject<never>(signal.reason));
    return await Promise.race([new Bench(world, options).run(), aborted]);
  } finally {
    await world.stop();
  }
}

class Bench {
  readonly #world: World;
  readonly #server: OwnServer;
  readonly #dataDir: string;
  readonly #options: RolloutBenchOptions;
  readonly #beganMs = performance.now();
  #saidMs = 0;

  constructor(world: World, options: RolloutBenchOptions) {
    if (world.own === undefined) throw new TypeError('the bench needs a server of its own');
    this.#world = world;
    this.#server = world.own.server;
    this.#dataDir = world.own.dataDir;
    this.#options = options;
  }

  async run(): Promise<RolloutFigures> {
    const { fleet } = this.#world;
    const { devices, say } = this.#options;
    fleet.start();
    const connectSec = await this.#untilSteady('every box is connected', CONNECT_LIMIT_SEC);
    const rollout = await this.#rollOut();
    say(
      `waiting until every connection has held for ${STABLE_MS / 1000} s: boxes come back slower before that …`,
    );
    await Promise.race([fleet.failed, delay(STABLE_MS)]);
    say('storm: every connection breaks at once');
    fleet.storm(undefined);
    await this.#until('the connections are gone', 10, ({ up }) => up < devices / 2);
    const reconnectStormSec = await this.#untilSteady('every box is back', CONNECT_LIMIT_SEC);
    await this.#until('everything is receipted', 60, ({ heldByUp }) => heldByUp < devices / 100);
    const counters = fleet.counters();
    const boxes = await fleet.summaries();
    await fleet.stop();
    await this.#server.stop();
    const use = this.#server.use();
    const round = (value: number): number => Math.round(value * 10) / 10;
    return {
      devices,
      seconds: round(rollout.seconds),
      devicesPerSec: round(devices / rollout.seconds),
      rolloutState: rollout.view.state,
      waves: rollout.view.groups.length,
      connectSec: round(connectSec),
      killToSteadySec: round(rollout.killToSteadySec),
      reconnectStormSec: round(reconnectStormSec),
      serverCpuSec: round(use.cpuSec),
      serverRssMb: Math.round(use.maxRssBytes / MB),
      boxesRssMb: Math.round(counters.rssBytes / MB),
      messages: counters.receipted,
      ...this.#readLedger(boxes, rollout),
    };
  }

  async #rollOut(): Promise<Rolled> {
    const { scenario, seed } = this.#world.population;
    const { rollout, acceleration } = scenario;
    if (rollout === undefined) throw new TypeError('the scenario has no rollout');
    const api = await openApi(this.#world.access);
    const startedMs = performance.now();
    const id = await startRollout(api, { rollout, acceleration }, seed);
    let outage: Outage | undefined;
    for (;;) {
      const view = await viewRollout(api, id);
      this.#say(view);
      if (isOver(view)) {
        const seconds = (performance.now() - startedMs) / 1000;
        if (outage === undefined)
          throw new Error(`the rollout is ${view.state} before the kill: ${view.why}`);
        return { ...outage, seconds, view };
      }
      if (outage === undefined && isInLastWave(view)) outage = await this.#killServer();
      if (performance.now() - startedMs > ROLLOUT_LIMIT_SEC * 1000)
        throw new Error(`the rollout is ${view.state} after ${ROLLOUT_LIMIT_SEC} s: ${view.why}`);
      await Promise.race([this.#world.fleet.failed, delay(POLL_EVERY_MS)]);
    }
  }

  async #killServer(): Promise<Outage> {
    this.#options.say('kill -9 of the server, in the middle of the last wave');
    const fromMs = Date.now();
    await this.#server.kill();
    await delay(DOWN_MS);
    await this.#server.restart();
    await this.#untilSteady('every box is back after the kill', CONNECT_LIMIT_SEC);
    return { fromMs, untilMs: Date.now(), killToSteadySec: (Date.now() - fromMs) / 1000 };
  }

  #readLedger(boxes: readonly BoxSummary[], { fromMs, untilMs, view }: Rolled) {
    const ledger = openLedger(join(this.#dataDir, 'fleet.sqlite'));
    try {
      const deployments = ledger.deployments();
      const receipted = boxes.flatMap(({ id, receipted: streams }) =>
        streams.map((stream) => ({ deviceId: id, ...stream })),
      );
      const { lost, twice, rejected } = ledger.countMessages(receipted);
      return {
        ...{ statusLost: lost, statusTwice: twice, statusRejected: rejected },
        ...checkAgreement(boxes, deployments, view.bundleDigest),
        ...computeLatencies(boxes, deployments, { fromMs, untilMs }),
      };
    } finally {
      ledger.close();
    }
  }

  /** All connected, and no more without a receipt than is always on its way. */
  #untilSteady(what: string, limitSec: number): Promise<number> {
    const { devices } = this.#options;
    const usual = Math.max(20, devices / 50);
    return this.#until(what, limitSec, ({ up, held }) => up === devices && held <= usual);
  }

  /** @returns seconds it took */
  async #until(what: string, limitSec: number, isSo: (counters: HostCounters) => boolean): Promise<number> {
    const startedMs = performance.now();
    // What the processes of the boxes told last is older than what happened since.
    await delay(3 * LOOK_EVERY_MS);
    while (!isSo(this.#world.fleet.counters())) {
      this.#say(undefined);
      if (performance.now() - startedMs > limitSec * 1000)
        throw new Error(`not within ${limitSec} s: ${what}`);
      await Promise.race([this.#world.fleet.failed, delay(LOOK_EVERY_MS)]);
    }
    return (performance.now() - startedMs) / 1000;
  }

  #say(view: RolloutView | undefined): void {
    const nowMs = performance.now();
    if (nowMs - this.#saidMs < SAY_EVERY_MS) return;
    this.#saidMs = nowMs;
    this.#options.say(formatProgress((nowMs - this.#beganMs) / 1000, this.#world.fleet.counters(), view));
  }
}

interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly killToSteadySec: number;
}

interface Rolled extends Outage {
  readonly seconds: number;
  readonly view: RolloutView;
}

function isInLastWave({ groups }: RolloutView): boolean {
  const last = groups.at(-1);
  if (last?.state !== 'running') return false;
  return last.counts.succeeded >= last.counts.total * KILL_AT_SHARE;
}
