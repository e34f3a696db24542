import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { advance, isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { TryLaterError } from '../download/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { WORKS, type WorkDeps, type Workpiece } from './deployment-work.ts';
import { type DeploymentId, endAfter, isPassing, planDeployment, type Reason, type Work } from './plan.ts';
import type { DeploymentRecord } from './port.ts';

export interface RunDeps extends WorkDeps {
  /** Tells the fleet of a change of state; the change is on disk when it returns. */
  readonly report: (change: DeploymentBody) => void;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** False while the clock was not set yet: then no order is early or late. */
  readonly isClockTrusted?: () => boolean;
  readonly log: Logger;
  readonly backoff?: BackoffPolicy;
}

/** The record in memory leads: a full disk may lag behind. */
export interface DeploymentMemory {
  record: DeploymentRecord | undefined;
}

const BACKOFF: BackoffPolicy = { baseMs: 2_000, maxMs: 5 * 60_000 };
/** The clock may be set while an order waits for its time. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Brings one order to its end; returns early when `signal` is aborted, and goes on from there the next time.
 * Whatever it throws is a bug.
 */
export async function runOrder(
  order: Order,
  memory: DeploymentMemory,
  deps: RunDeps,
  signal: AbortSignal,
): Promise<void> {
  const run = new Run(order, memory, deps, signal);
  try {
    while (!signal.aborted && (await run.perform()) === 'early') await waitMs(LOOK_AGAIN_MS, signal);
  } catch (error) {
    // What the work threw because it was told to stop.
    if (!signal.aborted) throw error;
  }
}

class Run {
  readonly #memory: DeploymentMemory;
  readonly #deps: RunDeps;
  readonly #piece: Workpiece;

  constructor(order: Order, memory: DeploymentMemory, deps: RunDeps, signal: AbortSignal) {
    this.#memory = memory;
    this.#deps = deps;
    this.#piece = { order, signal };
  }

  /** Observes, plans, and does what was planned. */
  async perform(): Promise<'done' | 'early'> {
    const { order, signal } = this.#piece;
    const active = await this.#attempt('read what is active', () => this.#deps.bundles.readActive());
    const observed = { active, deployment: this.#memory.record, nowMs: this.#nowMs() };
    for (const step of planDeployment(observed, order)) {
      if (signal.aborted) return 'done';
      if (step.kind === 'wait') {
        this.#deps.log.info(
          { deploymentId: order.deploymentId, untilMs: step.untilMs },
          'order waits for its time',
        );
        return 'early';
      }
      if (step.kind === 'enter') await this.#enter(step.deployment, step.state, step);
      else if ((await this.#work(step.work)) === 'ended') return 'done';
    }
    return 'done';
  }

  /** Told, then saved, then acted on: what a power cut in between repeats, the server knows already. */
  async #enter(deployment: DeploymentId, state: DeploymentState, why: Reason = {}): Promise<void> {
    const { deploymentId, digest } = deployment;
    const before = this.#memory.record?.deploymentId === deploymentId ? this.#memory.record : undefined;
    const from = before?.state ?? 'pending';
    if (advance(DEPLOYMENT_LIFECYCLE, from, state) === undefined) {
      throw new Error(`deployment ${deploymentId}: no way leads from ${from} to ${state}`);
    }
    const record: DeploymentRecord = { deploymentId, digest, state, trials: before?.trials ?? 0 };
    this.#memory.record = record;
    this.#tell(record, why);
    await this.#save(record);
    // What was fetched for an aborted deployment may serve the one that took its place.
    if (isTerminal(DEPLOYMENT_LIFECYCLE, state) && state !== 'aborted') {
      await this.#attempt('remove what is not used', () => this.#deps.bundles.removeUnused());
    }
  }

  #tell({ deploymentId, digest, state }: DeploymentRecord, { reason, detail }: Reason): void {
    const why = { ...(reason === undefined ? {} : { reason }), ...(detail === undefined ? {} : { detail }) };
    this.#deps.log.info({ deploymentId, digest, state, ...why }, 'deployment changed');
    this.#deps.report({ deploymentId, tsMs: this.#deps.clock.wallMs(), state, bundleDigest: digest, ...why });
  }

  async #save(record: DeploymentRecord): Promise<void> {
    await this.#attempt('save the deployment', () => this.#deps.bundles.saveDeployment(record));
  }

  /** Tries until it succeeds, fails for good, the order expires, or the signal is aborted. */
  async #work(work: Work): Promise<'done' | 'ended'> {
    const { signal } = this.#piece;
    if (work === 'activate') await this.#countTrial();
    let toldCode = '';
    let attempt = 0;
    while (!signal.aborted) {
      const failure = await this.#workOnce(work);
      if (failure === undefined) return 'done';
      const why = { reason: failure.code, detail: failure.message };
      if (!isPassing(work, failure.code)) return this.#end(why);
      if (this.#isExpired()) return this.#end(why, 'timed_out');
      if (failure.code !== toldCode) this.#tellDelay(why);
      toldCode = failure.code;
      await waitMs(this.#pauseMs(failure, attempt), signal);
      // A pause the server asked for is no failure: what follows is not slowed down for it.
      if (!(failure instanceof TryLaterError)) attempt += 1;
    }
    return 'ended';
  }

  async #workOnce(work: Work): Promise<AppError | undefined> {
    try {
      await WORKS[work](this.#piece, this.#deps);
      return undefined;
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  /** Counted before the model is started: what takes the agent down does not return here. */
  async #countTrial(): Promise<void> {
    const { record } = this.#memory;
    if (record === undefined) return;
    this.#memory.record = { ...record, trials: record.trials + 1 };
    await this.#save(this.#memory.record);
  }

  async #end(why: Required<Reason>, cutShort?: DeploymentState): Promise<'ended'> {
    const { record } = this.#memory;
    this.#deps.log.warn({ deploymentId: this.#piece.order.deploymentId, ...why }, 'deployment failed');
    // A repair fails under a deployment that has ended: there is nothing more to tell.
    if (record === undefined || isTerminal(DEPLOYMENT_LIFECYCLE, record.state)) return 'ended';
    await this.#enter(record, cutShort ?? endAfter(record.state, why.reason), why);
    return 'ended';
  }

  /** The state stays and is told again, with what holds it up. */
  #tellDelay(why: Reason): void {
    const { record } = this.#memory;
    if (record === undefined || isTerminal(DEPLOYMENT_LIFECYCLE, record.state)) {
      this.#deps.log.warn(why, 'repair delayed');
    } else {
      this.#tell(record, why);
    }
  }

  #pauseMs(failure: AppError, attempt: number): number {
    const pauseMs = computeBackoffMs(this.#deps.backoff ?? BACKOFF, attempt, Math.random());
    const wantedMs = failure instanceof TryLaterError ? failure.retryAfterMs : 0;
    const nowMs = this.#nowMs();
    const leftMs = nowMs === undefined ? Number.POSITIVE_INFINITY : this.#piece.order.expiresMs - nowMs;
    // At its expiry an order is tried a last time; a repair knows no expiry.
    return Math.min(Math.max(pauseMs, wantedMs), leftMs > 0 ? leftMs : Number.POSITIVE_INFINITY);
  }

  #isExpired(): boolean {
    const nowMs = this.#nowMs();
    const isRepair = this.#memory.record?.state === 'success';
    return !isRepair && nowMs !== undefined && nowMs >= this.#piece.order.expiresMs;
  }

  #nowMs(): number | undefined {
    return this.#deps.isClockTrusted?.() === false ? undefined : this.#deps.clock.wallMs();
  }

  /** For what the update can go on without; the disk may be full or failing. */
  async #attempt<Result>(what: string, attempt: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#deps.log.warn({ what, error: describeError(error) }, 'could not be done');
      return undefined;
    }
  }
}
