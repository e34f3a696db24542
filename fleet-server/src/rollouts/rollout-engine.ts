import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { GateKeeper } from '../gates/port.ts';
import type { CommitResult, Store } from '../store/port.ts';
import type { Targeting } from '../targeting/port.ts';
import { assembleSnapshot } from './assemble-snapshot.ts';
import { createDoorbell } from './doorbell.ts';
import { FleetOutlook } from './fleet-outlook.ts';
import { joinLate } from './late-joiners.ts';
import type { LiveRollout } from './live-rollout.ts';
import { LiveRollouts } from './live-rollouts.ts';
import type { Director, WindowClock } from './port.ts';
import { createRolloutExecutor, type RolloutExecutor, type RolloutExecutorDeps } from './rollout-executor.ts';
import { createRolloutGates, type RolloutGates } from './rollout-gates.ts';
import { createRolloutLease, LEASE_LIFE_MS, type RolloutLease } from './rollout-lease.ts';
import { planRollout } from './rollout-planner.ts';
import type { GateVerdict, RolloutPlan, RolloutSnapshot, RolloutStep } from './rollout-snapshot.ts';

/** Reports come in flocks: a plan waits for the rest of them. */
const DEBOUNCE_MS = 250;
/** Of what a turn took, the rest after it: the boxes of a big fleet that comes back must get in beside the planner. */
const REST_TIMES = 3;
const MAX_REST_MS = 2_000;
/** Steps of one transaction. */
const BATCH = 500;
/** Plans made of one rollout in a row before others have their turn. */
const MAX_MOVES = 64;
const RETRY_MS = 2_000;
const GRACE_MS = 120_000;

export interface RolloutEngineDeps extends Omit<RolloutExecutorDeps, 'rollouts' | 'director'> {
  readonly store: Pick<Store, 'rollouts' | 'leases'>;
  readonly director: Pick<Director, 'deployAll' | 'republishAll'>;
  readonly targeting: Pick<Targeting, 'listDevices' | 'match' | 'admission'>;
  readonly gates: Pick<GateKeeper, 'judge'>;
  readonly windows: WindowClock;
  readonly monotonicMs: () => number;
  /** Of this process, unlike any other. */
  readonly owner: string;
  readonly log: Logger;
  /** Default: a quarter of a second. */
  readonly debounceMs?: number;
  /** How long a device that went away, or was not back yet since the start, is waited for; default: two minutes. */
  readonly graceMs?: number;
  /** How long another server waits for one that fell silent; default: ten seconds. */
  readonly leaseLifeMs?: number;
}

/** A rollout as its planner sees it. */
export interface RolloutLook {
  readonly live: LiveRollout;
  readonly snapshot: RolloutSnapshot;
  readonly plan: RolloutPlan;
  readonly verdicts: readonly GateVerdict[];
}

/** Leads rollouts where no other server does. */
export interface RolloutEngine extends Component {
  /** What devices told, stored by now. */
  applyCommit(result: Pick<CommitResult, 'moved'>): void;
  /** The connection of a device went up or down. */
  notePresence(deviceId: string): void;
  /** Somebody changed a rollout. */
  wake(): void;
  /** A rollout as it stands, whoever leads it. @throws AppError STORE_FAILED */
  look(id: string): Promise<RolloutLook | undefined>;
}

export function createRolloutEngine(deps: RolloutEngineDeps): RolloutEngine {
  return new LeasedRolloutEngine(deps);
}

class LeasedRolloutEngine implements RolloutEngine {
  readonly name = 'rollouts';
  readonly #deps: RolloutEngineDeps;
  readonly #lease: RolloutLease;
  readonly #rollouts: LiveRollouts;
  readonly #outlook: FleetOutlook;
  readonly #gates: RolloutGates;
  readonly #perform: RolloutExecutor;
  readonly #bell = createDoorbell();
  readonly #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();
  readonly #listeningSinceMs: number;
  #isDirty = true;
  /** Orders may be stored that were never sent: by the server that led before, or by this one when it failed. */
  #mustRepublish = false;
  /** Of the look at the fleet after which late devices joined. */
  #joinedAtMs: number | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(deps: RolloutEngineDeps) {
    const { store, nowMs, monotonicMs, owner, gates, director } = deps;
    const { rollouts } = store;
    this.#deps = deps;
    this.#listeningSinceMs = nowMs();
    this.#lease = createRolloutLease({
      ...{ leases: store.leases, owner, nowMs, monotonicMs },
      lifeMs: deps.leaseLifeMs ?? LEASE_LIFE_MS,
    });
    this.#outlook = new FleetOutlook({ ...deps, rollouts });
    this.#rollouts = new LiveRollouts({
      rollouts,
      monotonicMs,
      onFailure: (deviceId) => this.#outlook.noteFailure(deviceId),
    });
    this.#gates = createRolloutGates({ keeper: gates, nowMs });
    this.#perform = createRolloutExecutor({ ...deps, rollouts, director });
  }

  async start(): Promise<void> {
    this.#work = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    await this.#lease.release().catch((error: unknown) => this.#complain(error));
  }

  applyCommit({ moved }: Pick<CommitResult, 'moved'>): void {
    if (moved.length > 0 && this.#rollouts.fold(moved)) this.wake();
  }

  notePresence(deviceId: string): void {
    if (this.#rollouts.has(deviceId)) this.wake();
  }

  wake(): void {
    this.#isDirty = true;
    this.#bell.ring();
  }

  async look(id: string): Promise<RolloutLook | undefined> {
    const held = this.#rollouts.get(id);
    if (held !== undefined && this.#joinedAtMs !== undefined) return this.#look(held);
    const live = held ?? (await this.#load(id));
    if (live === undefined) return undefined;
    const outlook = new FleetOutlook({ ...this.#deps, rollouts: this.#deps.store.rollouts });
    await outlook.refresh([live.rollout]);
    return this.#look(live, outlook);
  }

  async #load(id: string): Promise<LiveRollout | undefined> {
    const whole = await this.#deps.store.rollouts.load(id);
    return whole && { ...whole, members: new Map(whole.members.map((it) => [it.deviceId, it])) };
  }

  #look(live: LiveRollout, outlook = this.#outlook): RolloutLook {
    const { nowMs, graceMs = GRACE_MS } = this.#deps;
    const listeningSinceMs = this.#listeningSinceMs;
    const others = this.#rollouts.all().filter(({ rollout }) => rollout.id !== live.rollout.id);
    const verdicts = this.#gates.verdicts(live.rollout.id);
    const seen = outlook.look(live, others, this.#rollouts.outlasting(live.rollout.id));
    const snapshot = assembleSnapshot({
      live,
      ...seen,
      verdicts,
      nowMs: nowMs(),
      listeningSinceMs,
      graceMs,
    });
    return { live, snapshot, plan: planRollout(snapshot, nowMs()), verdicts };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { nowMs, debounceMs = DEBOUNCE_MS } = this.#deps;
      const beganMs = nowMs();
      const restMs = await this.#turn(signal).catch((error: unknown) => this.#recover(error));
      const pauseMs = Math.min(MAX_REST_MS, REST_TIMES * (nowMs() - beganMs));
      const was = await this.#bell.wait(restMs, signal);
      if (was === 'rung') await waitMs(Math.max(debounceMs, pauseMs), signal);
    }
  }

  /** What is held may be wrong after a failure: it is read again. */
  #recover(error: unknown): number {
    this.#complain(error);
    this.#rollouts.forget();
    this.#isDirty = true;
    this.#mustRepublish = true;
    return RETRY_MS;
  }

  #complain(error: unknown): void {
    const code = isAppError(error) ? error.code : 'INTERNAL';
    this.#deps.log.error({ code, error: describeError(error) }, 'rollouts do not go on');
  }

  /** @returns after how many ms to look again */
  async #turn(signal: AbortSignal): Promise<number> {
    if (!(await this.#lease.hold())) {
      this.#mustRepublish = true;
      this.#rollouts.forget();
      return this.#lease.renewMs;
    }
    if (this.#mustRepublish) await this.#deps.director.republishAll();
    this.#mustRepublish = false;
    if (await this.#rollouts.sync()) this.#isDirty = true;
    const records = this.#rollouts.all().map(({ rollout }) => rollout);
    if (records.length === 0) return this.#lease.renewMs;
    const refreshedAtMs = await this.#outlook.refresh(records);
    if (refreshedAtMs !== this.#joinedAtMs) await this.#joinLate();
    this.#joinedAtMs = refreshedAtMs;
    if (await this.#gates.ask(this.#rollouts.all())) this.#isDirty = true;
    if (this.#isDirty || this.#deps.nowMs() >= this.#wakeAtMs) await this.#planAll(signal);
    return Math.max(0, Math.min(this.#lease.renewMs, this.#wakeAtMs - this.#deps.nowMs()));
  }

  async #joinLate(): Promise<void> {
    const { targeting, store, nowMs } = this.#deps;
    const join = async (live: LiveRollout): Promise<void> => {
      const { filter, policy } = live.rollout;
      if (policy.targetSelection !== 'continuous') return;
      const devices = filter === undefined ? await targeting.listDevices() : await targeting.match(filter);
      const ids = devices.map(({ id }) => id);
      const change = joinLate(live, ids, nowMs());
      if (change === undefined) return;
      if (await store.rollouts.apply(change)) this.#rollouts.take(change, live.members);
      this.#isDirty = true;
    };
    for (const live of this.#rollouts.all()) await this.#alone(live, () => join(live), undefined);
  }

  /** What is wrong with one rollout (its filter names a group that is gone) keeps no other one from going on. */
  async #alone<T>({ rollout }: LiveRollout, work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isAppError(error) || error.code === 'STORE_FAILED') throw error;
      const facts = { rollout: rollout.name, code: error.code, error: describeError(error) };
      this.#deps.log.error(facts, 'rollout does not go on');
      return otherwise;
    }
  }

  /** All of them: what one does to a device changes what another may do. */
  async #planAll(signal: AbortSignal): Promise<void> {
    await this.#rollouts.readOutlasted();
    this.#isDirty = false;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    for (const live of this.#rollouts.all()) {
      const advance = (): Promise<number> => this.#advance(live.rollout.id, signal);
      const wakeAtMs = await this.#alone(live, advance, Number.POSITIVE_INFINITY);
      this.#wakeAtMs = Math.min(this.#wakeAtMs, wakeAtMs);
    }
  }

  /**
   * What is left undone, for the lease ran out meanwhile, is done as soon as it is held again.
   * @returns when to look again
   */
  async #advance(id: string, signal: AbortSignal): Promise<number> {
    for (let moves = 0; moves < MAX_MOVES; moves += 1) {
      const live = this.#rollouts.get(id);
      if (live === undefined) return Number.POSITIVE_INFINITY;
      if (signal.aborted || !this.#lease.isHeld()) break;
      const { plan } = this.#look(live);
      if (plan.steps.length === 0) return plan.wakeAtMs ?? Number.POSITIVE_INFINITY;
      const isStored = await this.#performSome(live, plan.steps.slice(0, BATCH));
      if (!isStored) break;
    }
    this.wake();
    return Number.POSITIVE_INFINITY;
  }

  async #performSome(live: LiveRollout, steps: readonly RolloutStep[]): Promise<boolean> {
    const planned = new Map(
      steps.flatMap((step) => {
        const member = 'deviceId' in step ? live.members.get(step.deviceId) : undefined;
        return member === undefined ? [] : [[member.deviceId, member] as const];
      }),
    );
    const isStored = await this.#perform(live, steps, (change) => this.#rollouts.take(change, planned));
    if (isStored) this.#tell(live.rollout.name, steps);
    return isStored;
  }

  #tell(rollout: string, steps: readonly RolloutStep[]): void {
    const { log } = this.#deps;
    for (const step of steps) {
      if (step.kind === 'rollout') log.info({ rollout, to: step.to, why: step.why }, 'rollout moved');
      else if (step.kind === 'group')
        log.info({ rollout, group: step.index + 1, to: step.to, why: step.why }, 'group moved');
    }
    const orders = steps.filter(({ kind }) => kind === 'order' || kind === 'restore').length;
    if (orders > 0) log.info({ rollout, orders }, 'devices ordered');
  }
}
