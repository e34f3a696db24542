import type { Component } from '@watchpost/shared/kernel/component.ts';
import { digestOf } from '@watchpost/shared/kernel/digest.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { DesiredConfig, ReportedConfig } from '@watchpost/shared/messages/config-document.ts';
import type { ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import type { Clock } from '../kernel/clock.ts';
import { outlastDisk } from '../kernel/outlast-disk.ts';
import { type BootedConfig, saveMemory, settleConfig } from './boot-config.ts';
import { accept, confirm, judgeMark, reject, revert } from './config-trial.ts';
import { listRestartKeys } from './keys.ts';
import type {
  ComposeConfig,
  ConfigMark,
  ConfigMemory,
  ConfigStore,
  ConfigVerdict,
  FleetDocument,
  ReadConfigOrder,
} from './port.ts';
import { AgentConfig } from './schema.ts';

export interface FleetConfigDeps {
  readonly booted: BootedConfig;
  readonly store: ConfigStore;
  readonly read: ReadConfigOrder;
  readonly compose: ComposeConfig;
  /** Brings what can be set while the agent runs to these settings. Never rejects for what a camera does. */
  readonly apply: (config: AgentConfig) => Promise<void>;
  readonly countOnline: () => number;
  readonly report: (reported: ReportedConfig) => void;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  readonly limits?: ConfigLimits;
}

export interface ConfigLimits {
  /** How long new settings have to bring a camera online, and to go without a crash. */
  readonly confirmMs: number;
  /** How often the cameras are looked at meanwhile. */
  readonly lookMs: number;
}

export const CONFIG_LIMITS: ConfigLimits = { confirmMs: 60_000, lookMs: 500 };

/** Keeps the box set as the fleet wants it, unless that costs it its cameras. */
export interface FleetConfig extends Component {
  /** The document that holds now; it is told again at every connection, and then changes nothing. */
  onDesired(document: DesiredConfig): void;
}

export function createFleetConfig(deps: FleetConfigDeps): FleetConfig {
  return new TriedFleetConfig(deps);
}

class TriedFleetConfig implements FleetConfig {
  readonly name = 'fleet-config';
  readonly #deps: FleetConfigDeps;
  readonly #limits: ConfigLimits;
  readonly #stopping = new AbortController();
  readonly #loaded = Promise.withResolvers<void>();
  /** One after the other: documents, and ends of trials. Nothing is judged before the mark is known. */
  #work: Promise<void> = this.#loaded.promise;
  /** The documents, in their order: one that cannot be read yet holds up no end of a trial. */
  #reading: Promise<void> = Promise.resolve();
  #trial = new AbortController();
  #trials: Promise<void> = Promise.resolve();
  /** Resolves when it is known whether the cameras of this start come online. */
  #cameras: Promise<void> = Promise.resolve();
  #memory: ConfigMemory;
  #inForce: AgentConfig;
  #mark: ConfigMark | undefined;

  constructor(deps: FleetConfigDeps) {
    this.#deps = deps;
    this.#limits = deps.limits ?? CONFIG_LIMITS;
    this.#memory = deps.booted.memory;
    this.#inForce = deps.booted.config;
  }

  async start(): Promise<void> {
    this.#mark = await this.#loadMark();
    this.#cameras = this.#awaitCameras();
    this.#report();
    this.#beginTrial();
    this.#loaded.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#trial.abort();
    await Promise.all([this.#reading, this.#work, this.#trials, this.#cameras]);
  }

  onDesired({ document }: DesiredConfig): void {
    this.#reading = this.#reading.then(() => this.#open(document));
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#stopping.signal.aborted ? undefined : work()));
  }

  async #open(token: string): Promise<void> {
    const order = await this.#read(token);
    if (order === undefined) return;
    this.#queue(() => this.#judge(order));
    await this.#work;
  }

  async #judge(order: ConfigOrder): Promise<void> {
    const { log } = this.#deps;
    const mark = { version: order.version, digest: digestOf(order.settings) };
    const verdict = judgeMark(this.#mark, mark);
    if (verdict.kind === 'replayed') {
      const { version } = order;
      log.warn({ code: 'ORDER_REPLAYED', version, why: verdict.why }, 'document of settings refused');
      // The server may be behind: it learns the version from this.
      return this.#report();
    }
    if (verdict.kind === 'again' && this.#memory.verdict?.version === order.version) return;
    await this.#keepMark(mark);
    await this.#take(order);
  }

  /** Applied and on trial, or refused; then what was in force stays as it is. */
  async #take(document: FleetDocument): Promise<void> {
    const { store, compose, countOnline, log } = this.#deps;
    const { version } = document;
    await this.#cameras;
    if (this.#stopping.signal.aborted) return;
    const after = accept(this.#memory, document, countOnline());
    try {
      const config = compose(document);
      await store.save(after);
      await this.#bringIntoForce({ config, memory: after });
      log.info({ version }, 'settings of the fleet applied');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ version, code: error.code, error: error.message }, 'settings of the fleet refused');
      // A disk that failed may work the next time it is told: only what the settings are is final.
      const verdict = { version, reason: error.code, detail: error.message };
      const refused = reject(this.#memory, verdict);
      if (error.kind.retry) return this.#report({ ...verdict, state: 'rejected' });
      this.#memory = refused;
      await saveMemory(store, refused, log);
      this.#report();
    }
  }

  async #bringIntoForce({ config, memory }: BootedConfig): Promise<void> {
    this.#trial.abort();
    await this.#trials;
    this.#memory = memory;
    this.#inForce = config;
    await this.#deps.apply(config);
    this.#report();
    this.#beginTrial();
  }

  /** A document that waited for the box would else be tried while no camera could be lost yet. */
  async #awaitCameras(): Promise<void> {
    const { confirmMs, lookMs } = this.#limits;
    const { signal } = this.#stopping;
    for (let waitedMs = 0; waitedMs < confirmMs && !signal.aborted; waitedMs += lookMs) {
      if (this.#inForce.cameras.length === 0 || this.#deps.countOnline() > 0) return;
      await waitMs(lookMs, signal);
    }
  }

  #beginTrial(): void {
    const { current } = this.#memory;
    if (current === undefined || current.isConfirmed) return;
    this.#trial = new AbortController();
    this.#trials = this.#runTrial(current.onlineBefore, this.#trial.signal);
  }

  /** To its end, however early a camera is seen: a crash within the time counts too. */
  async #runTrial(onlineBefore: number, signal: AbortSignal): Promise<void> {
    const { confirmMs, lookMs } = this.#limits;
    let isSeen = onlineBefore === 0;
    for (let waitedMs = 0; waitedMs < confirmMs && !signal.aborted; waitedMs += lookMs) {
      await waitMs(lookMs, signal);
      isSeen ||= this.#deps.countOnline() > 0;
    }
    if (signal.aborted) return;
    this.#queue(() => (signal.aborted ? Promise.resolve() : this.#endTrial(isSeen)));
  }

  async #endTrial(isGood: boolean): Promise<void> {
    const { store, compose, log, booted } = this.#deps;
    const version = this.#memory.current?.version;
    if (isGood) {
      // What waits for a restart has not been tried yet.
      if (listRestartKeys(AgentConfig, booted.config, this.#inForce).length > 0) return;
      this.#memory = confirm(this.#memory);
      log.info({ version }, 'settings of the fleet confirmed');
      return saveMemory(store, this.#memory, log);
    }
    const detail = `no camera was online within ${this.#limits.confirmMs / 1000} s`;
    const reverted = revert(this.#memory, { reason: 'CONFIG_LOST_CAMERAS', detail });
    log.error({ code: 'CONFIG_LOST_CAMERAS', version, detail }, 'settings of the fleet reverted');
    const before = settleConfig(reverted, compose, log);
    await saveMemory(store, before.memory, log);
    await this.#bringIntoForce(before);
  }

  #report(verdict = this.#memory.verdict): void {
    this.#deps.report(this.#describe(verdict));
  }

  #describe(verdict: ConfigVerdict | undefined): ReportedConfig {
    const { current } = this.#memory;
    const restartNeeded = listRestartKeys(AgentConfig, this.#deps.booted.config, this.#inForce);
    const isWaiting = verdict?.state === 'applied' && restartNeeded.length > 0;
    const { version, reason, detail, state = 'applied' } = verdict ?? {};
    return {
      tsMs: this.#deps.clock.wallMs(),
      ...(version !== undefined && { version }),
      state: isWaiting ? 'pending_restart' : state,
      ...(reason !== undefined && { reason }),
      ...(detail !== undefined && { detail: detail.slice(0, MAX_DETAIL_CHARS) }),
      layer: current === undefined ? 'local' : 'fleet',
      ...(current !== undefined && { inForce: current.version }),
      digest: digestOf(this.#inForce),
      restartNeeded: [...restartNeeded],
    };
  }

  /** A forged document changes nothing, not even what is reported. */
  async #read(token: string): Promise<ConfigOrder | undefined> {
    const { read, log, wait = waitMs } = this.#deps;
    const { signal } = this.#stopping;
    try {
      return await outlastDisk('document of settings', () => read(token), { wait, log }, signal);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ code: error.code, error: describeError(error) }, 'document of settings refused');
      return undefined;
    }
  }

  /** Damage of one file opens no way for old documents: the other one knows a version too. */
  async #loadMark(): Promise<ConfigMark | undefined> {
    const { store, log } = this.#deps;
    const { current, verdict } = this.#memory;
    const version = Math.max(verdict?.version ?? 0, current?.version ?? 0);
    const settings = current?.version === version ? current.settings : {};
    const known = version === 0 ? undefined : { version, digest: digestOf(settings) };
    try {
      const mark = await store.loadMark();
      return mark === undefined || mark.version < version ? known : mark;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ code: error.code, error: describeError(error) }, 'newest version of settings not read');
      return known;
    }
  }

  async #keepMark(mark: ConfigMark): Promise<void> {
    const { store, log } = this.#deps;
    this.#mark = mark;
    try {
      await store.saveMark(mark);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ code: error.code, error: describeError(error) }, 'newest version of settings not saved');
    }
  }
}

const MAX_DETAIL_CHARS = 8192;
