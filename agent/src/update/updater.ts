import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { DesiredModel } from '@watchpost/shared/messages/model-document.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { AgentConfig } from '../config/schema.ts';
import type { OrderReader } from '../trust/port.ts';
import { type DeploymentId, DeploymentJournal, type JournalDeps } from './deployment-journal.ts';
import type { RunDeps } from './deployment-run.ts';
import { carryOut, resumeDeployment, type UpdateDeps } from './deployments.ts';
import { createEventWatch } from './event-watch.ts';
import { createOrderInbox, type OrderInbox } from './order-inbox.ts';
import { isOpen, PHASES, type Phase, toldState } from './phases.ts';
import { type RestartDeps, runChampion, runChampionAgain, type TakenBack } from './restart.ts';
import { createRunningModel } from './running-model.ts';

export interface UpdaterDeps
  extends Omit<RunDeps, 'journal' | 'running' | 'events' | 'wait' | 'settings'>,
    Omit<JournalDeps, 'bundles' | 'clock'> {
  readonly orders: OrderReader;
  readonly settings: Pick<AgentConfig['update'], 'shadow' | 'probation'>;
  /** The last starts of the agent all ended early: an open trial is rolled back, nothing is tried again. */
  readonly isCautious: boolean;
  /** Waits between two looks at the vitals; by the same clock. */
  readonly wait?: RunDeps['wait'];
}

/** How far the last order came. */
export interface Progress extends DeploymentId {
  readonly state: DeploymentState;
  readonly phase: Phase;
}

/** Keeps the box at the bundle the fleet wants: one order at a time, the newest wins. */
export interface Updater extends Component {
  /**
   * Makes the box classify with the model on its disk; to be called before `start`, so that the cameras classify before
   * anything is heard from the fleet. What cannot run is logged, and tried again after `start`.
   */
  resume(): Promise<void>;
  /** The order that holds now; it is told again at every connection, and then changes nothing. */
  onDesired(document: DesiredModel): void;
  current(): Progress | undefined;
}

/** While nothing runs, or the disk lags behind. */
const TRY_AGAIN: BackoffPolicy = { baseMs: 2_000, maxMs: 30_000 };

export function createUpdater(options: UpdaterDeps): Updater {
  return new ModelUpdater(options);
}

interface Job {
  /** Undefined while what is done needs an order to go on: then that order is not the same again. */
  readonly deploymentId: string | undefined;
  readonly abort: AbortController;
}

class ModelUpdater implements Updater {
  readonly name = 'updater';
  readonly #deps: UpdateDeps;
  readonly #inbox: OrderInbox;
  readonly #restart: RestartDeps;
  readonly #stopping = new AbortController();
  readonly #loaded = Promise.withResolvers<void>();
  #resumed: Promise<TakenBack | undefined> | undefined;
  #current: Job | undefined;
  #next: Order | undefined;
  #wake = Promise.withResolvers<void>();
  #triesAgain = 0;
  // What is told before the start waits for it.
  #reading: Promise<void> = this.#loaded.promise;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: UpdaterDeps) {
    this.#deps = assemble(options);
    this.#inbox = createOrderInbox({ ...this.#deps, orders: options.orders });
    this.#restart = { ...this.#deps, maxAgentRestarts: options.settings.probation.maxAgentRestarts };
  }

  async resume(): Promise<void> {
    await this.#resume();
  }

  async start(): Promise<void> {
    const takenBack = await this.#resume();
    await this.#deps.events.load();
    this.#loaded.resolve();
    this.#loops = Promise.all([this.#runAll(takenBack), this.#deps.events.run(this.#stopping.signal)]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.resolve();
    await Promise.all([this.#reading, this.#loops]);
  }

  onDesired(document: DesiredModel): void {
    this.#reading = this.#reading.then(() => this.#accept(document));
  }

  current(): Progress | undefined {
    const record = this.#deps.journal.record();
    if (record === undefined) return undefined;
    const { deploymentId, digest, phase } = record;
    return { deploymentId, digest, phase, state: toldState(phase) };
  }

  #resume(): Promise<TakenBack | undefined> {
    this.#resumed ??= this.#deps.journal.load().then(() => runChampion(this.#restart));
    return this.#resumed;
  }

  async #accept(document: DesiredModel): Promise<void> {
    const order = await this.#inbox.open(document, this.#stopping.signal);
    // A forged order or an old one stops nothing, and the same order again changes nothing.
    if (order === undefined || order.deploymentId === (this.#next ?? this.#current)?.deploymentId) return;
    this.#next = order;
    this.#current?.abort.abort();
    this.#wake.resolve();
  }

  async #runAll(takenBack: TakenBack | undefined): Promise<void> {
    const record = this.#deps.journal.record();
    const isOwn = record !== undefined && isOpen(record.phase) && PHASES[record.phase].needs === 'record';
    await this.#work(isOwn ? record.deploymentId : undefined, (signal) =>
      resumeDeployment(takenBack, this.#deps, signal),
    );
    while (!this.#stopping.signal.aborted) {
      const order = this.#next;
      this.#next = undefined;
      if (order === undefined) await this.#idle();
      else await this.#work(order.deploymentId, (signal) => carryOut(order, this.#deps, signal));
      this.#wake = Promise.withResolvers();
    }
  }

  async #work(
    deploymentId: Job['deploymentId'],
    perform: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const abort = new AbortController();
    this.#current = { deploymentId, abort };
    const signal = AbortSignal.any([abort.signal, this.#stopping.signal]);
    try {
      await perform(signal);
    } catch (error) {
      // What the work threw because it was told to stop; whatever else it throws is a bug.
      if (!signal.aborted) throw error;
    }
    this.#current = undefined;
  }

  /** Until there is something to do; what a box could not run or write is tried again and again. */
  async #idle(): Promise<void> {
    const { promise } = this.#wake;
    const { journal, running } = this.#deps;
    if (running.current() !== undefined && !journal.isBehind()) {
      this.#triesAgain = 0;
      return promise;
    }
    const pauseMs = computeBackoffMs(this.#deps.backoff ?? TRY_AGAIN, this.#triesAgain, Math.random());
    this.#triesAgain += 1;
    const woken = new AbortController();
    await Promise.race([promise, waitMs(pauseMs, AbortSignal.any([this.#stopping.signal, woken.signal]))]);
    woken.abort();
    if (this.#next !== undefined || this.#stopping.signal.aborted) return;
    if (journal.isBehind()) await journal.catchUp();
    if (running.current() === undefined) await runChampionAgain(this.#restart);
  }
}

/** On trial the new model's events are no measure for itself. */
const UNUSUAL: readonly (Phase | undefined)[] = ['switching', 'probation', 'rolling_back'];

function assemble(options: UpdaterDeps): UpdateDeps {
  const { wait = waitMs } = options;
  const journal = new DeploymentJournal(options);
  const isUsual = (): boolean => !UNUSUAL.includes(journal.record()?.phase);
  const events = createEventWatch({ ...options, wait, isUsual });
  return { ...options, wait, journal, events, running: createRunningModel(options.trial) };
}
