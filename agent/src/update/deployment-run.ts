import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { TryLaterError } from '../download/port.ts';
import type { DeploymentId, Found, Told } from './deployment-journal.ts';
import { trialsOf } from './deployment-journal.ts';
import { DONE, forgetKept, ORDER_WORKS, type OrderWorkDeps, type Outcome } from './deployment-work.ts';
import {
  type EndPhase,
  isBehind,
  isInstalled,
  isOpen,
  nextPhase,
  type OpenPhase,
  PHASES,
  type Phase,
  toldState,
  type Work,
} from './phases.ts';
import { endAfter, findEndless, isPassing } from './plan.ts';
import type { Why } from './port.ts';
import { findInQuarantine } from './quarantine.ts';
import { doWithin } from './time-limit.ts';
import { TRIAL_WORKS, type TrialPiece, type TrialWorkDeps } from './trial-work.ts';

export interface RunDeps extends OrderWorkDeps, TrialWorkDeps {
  /** False while the clock was not set yet: then no order is early or late. */
  readonly isClockTrusted?: () => boolean;
  readonly backoff?: BackoffPolicy;
  /** How long the work of a phase may take; without it, as the table of the phases has it. */
  readonly limitMs?: (phase: OpenPhase) => number | undefined;
}

const WORKS = { ...ORDER_WORKS, ...TRIAL_WORKS } as const;

const BACKOFF: BackoffPolicy = { baseMs: 2_000, maxMs: 5 * 60_000 };

/** Work that came to nothing: for good, or because nobody waits for it any more. */
type Result =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly why: Why; readonly cutShort?: EndPhase }
  | { readonly kind: 'stopped' };

/** Brings one deployment through its phases to its end, or as far as its signal lets it. */
export class DeploymentRun {
  readonly #deps: RunDeps;
  readonly #piece: TrialPiece;
  readonly #signal: AbortSignal;

  constructor(deployment: DeploymentId, order: Order | undefined, deps: RunDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#piece = { deployment, order };
    this.#signal = signal;
  }

  /** @param from its work is done first; phases that lie behind the one reached are not told again */
  async perform(from: OpenPhase): Promise<void> {
    let phase: Phase = from;
    while (isOpen(phase) && !this.#signal.aborted) {
      const next: Phase | undefined = await this.#goThrough(phase);
      if (next === undefined) return;
      phase = next;
    }
  }

  /** The work of some phases, under a deployment that has ended: nothing of it is told. @returns whether it was done */
  async repair(): Promise<boolean> {
    for (const phase of ['queued', 'downloading', 'verifying', 'installing', 'switching'] as const) {
      if ((await this.#work(phase)).kind !== 'done') return false;
    }
    await this.#deps.journal.attempt('commit', () => this.#deps.bundles.endTrial());
    await this.#tidyUp('success');
    return true;
  }

  async begin(): Promise<void> {
    await this.#enter('queued');
    await this.perform('queued');
  }

  async end(phase: EndPhase, told: Told = {}, found: Found = {}): Promise<void> {
    await this.#enter(phase, told, found);
    await this.#tidyUp(phase);
  }

  /**
   * Leaves the deployment where the model on trial was not switched to, or goes back where it was.
   * @param phase whose work failed
   */
  async fail(phase: OpenPhase, why: Why, cutShort?: EndPhase): Promise<Phase> {
    const { journal, log } = this.#deps;
    const { deployment } = this.#piece;
    log.warn({ deploymentId: deployment.deploymentId, ...why }, 'deployment failed');
    const isSwitched = phase === 'probation' || this.#piece.isSwitched === true;
    if (PHASES[phase].onFailure === 'roll_back' && isSwitched) {
      this.#piece.decidedAtMs = this.#deps.clock.monotonicMs();
      return this.goBack(why);
    }
    const end = cutShort ?? endAfter(toldState(this.#reached(phase)), why.reason);
    if (PHASES[phase].needs === 'record') await journal.condemn(deployment, why);
    await this.end(end, why);
    return end;
  }

  /** Saved first: from here on every start of the agent goes back. */
  async goBack(why: Why): Promise<OpenPhase> {
    await this.#enter('rolling_back', {}, { why });
    return 'rolling_back';
  }

  async #goThrough(phase: OpenPhase): Promise<Phase | undefined> {
    const { journal } = this.#deps;
    const result = await this.#work(phase);
    if (result.kind === 'stopped') return undefined;
    if (result.kind === 'failed') return this.fail(phase, result.why, result.cutShort);
    const { findings, failure } = result.outcome;
    if (phase === 'rolling_back') return this.#endRollback(result.outcome);
    if (findings !== undefined) journal.tell({ findings });
    if (failure !== undefined) return this.fail(phase, failure);
    const next = nextPhase(phase, this.#piece.order?.type);
    if (isOpen(next)) return this.#advance(phase, next, result.outcome);
    if (next === 'kept') await this.end(next);
    else await this.commit();
    return next;
  }

  async #advance(phase: OpenPhase, next: OpenPhase, { found = {}, detail }: Outcome): Promise<Phase> {
    const { journal } = this.#deps;
    if (isBehind(phase, this.#reached(phase))) return next;
    const record = journal.record();
    const endless = record && findEndless({ ...record, trials: 0 });
    if (endless !== undefined) return this.fail(phase, endless);
    await this.#enter(next, detail === undefined ? {} : { detail }, found);
    return next;
  }

  /** What the fleet was told of last; after a restart work begins behind it. */
  #reached(worked: OpenPhase): Phase {
    return this.#deps.journal.record()?.phase ?? worked;
  }

  /**
   * From here on there is no way back but a new order. The way back is gone before the success is told: a power cut in
   * between cannot make a rollback of it.
   */
  async commit(): Promise<void> {
    await this.#deps.journal.attempt('commit', () => this.#deps.bundles.endTrial());
    await this.end('success');
  }

  async #endRollback({ findings }: Outcome): Promise<EndPhase> {
    const { journal } = this.#deps;
    const why = journal.record()?.why ?? { reason: 'PROBATION_FAILED', detail: 'it was not said why' };
    await journal.condemn(this.#piece.deployment, why);
    const isBack = findings?.kind === 'rollback' && findings.digest !== undefined;
    const end: EndPhase = isBack ? 'rolled_back' : 'failure';
    await this.end(end, { ...why, ...(findings && { findings }) });
    return end;
  }

  async #enter(phase: Phase, told: Told = {}, found: Found = {}): Promise<void> {
    await this.#deps.journal.enter(this.#piece.deployment, phase, told, found);
  }

  /** After every end. */
  async #tidyUp(end: EndPhase): Promise<void> {
    const { journal, bundles, trial } = this.#deps;
    await journal.attempt('end the trial', () => trial.settle());
    await journal.attempt('forget the challenger', () => bundles.saveChallenger(undefined));
    const { digest } = this.#piece.deployment;
    const isSpoilt = findInQuarantine(journal.quarantine(), digest) !== undefined;
    if (isInstalled(end) || isSpoilt)
      await journal.attempt('forget what was kept', () => forgetKept(bundles, digest));
    await journal.attempt('remove what is not used', () => bundles.removeUnused());
  }

  /** Tries until it succeeds, fails for good, lasts too long, or the signal is aborted. */
  async #work(phase: OpenPhase): Promise<Result> {
    const { work } = PHASES[phase];
    if (work === undefined) return { kind: 'done', outcome: DONE };
    const left = this.#timeLeft(phase);
    let toldCode = '';
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.#workOnce(work, left());
      if (!(result instanceof AppError)) return result;
      const why = { reason: result.code, detail: result.message };
      if (!isPassing(work, result.code)) return { kind: 'failed', why };
      if (this.#isExpired() || (left() ?? 1) <= 0) return { kind: 'failed', why, cutShort: 'timed_out' };
      if (result.code !== toldCode) this.#tellDelay(why);
      toldCode = result.code;
      // A pause the server asked for is no failure: what follows is not slowed down for it.
      if (result instanceof TryLaterError) attempt -= 1;
      await waitMs(this.#pauseMs(result, Math.max(0, attempt)), this.#signal);
    }
  }

  /** For one attempt where the order's expiry limits them, for all of them where nothing else does. */
  #timeLeft(phase: OpenPhase): () => number | undefined {
    const { clock, limitMs: limitOf, settings } = this.#deps;
    const limitMs = limitOf === undefined ? PHASES[phase].limitMs(settings) : limitOf(phase);
    if (limitMs === undefined || PHASES[phase].needs === 'order') return () => limitMs;
    const deadlineMs = clock.monotonicMs() + limitMs;
    return () => deadlineMs - clock.monotonicMs();
  }

  async #workOnce(
    work: Work,
    limitMs: number | undefined,
  ): Promise<Exclude<Result, { kind: 'failed' }> | AppError> {
    if (this.#signal.aborted) return { kind: 'stopped' };
    try {
      const outcome = await doWithin(limitMs, this.#signal, (signal) => this.#perform(work, signal));
      return { kind: 'done', outcome };
    } catch (error) {
      if (this.#signal.aborted) return this.#stop();
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  async #perform(work: Work, signal: AbortSignal): Promise<Outcome> {
    return WORKS[work](this.#piece, this.#deps, signal);
  }

  /** A trial that was stopped in order is none that took the agent down. */
  async #stop(): Promise<Result & { kind: 'stopped' }> {
    const { journal } = this.#deps;
    const record = journal.record();
    if (record !== undefined && trialsOf(record.phase) === 1)
      await journal.note({ trials: record.trials - 1 });
    return { kind: 'stopped' };
  }

  #tellDelay(why: Why): void {
    const { journal, log } = this.#deps;
    const phase = journal.record()?.phase;
    if (phase !== undefined && isOpen(phase)) journal.tell(why);
    else log.warn(why, 'repair delayed');
  }

  #pauseMs(failure: AppError, attempt: number): number {
    const pauseMs = computeBackoffMs(this.#deps.backoff ?? BACKOFF, attempt, Math.random());
    const wantedMs = failure instanceof TryLaterError ? failure.retryAfterMs : 0;
    const nowMs = this.#nowMs();
    const { order } = this.#piece;
    const leftMs =
      nowMs === undefined || order === undefined ? Number.POSITIVE_INFINITY : order.expiresMs - nowMs;
    // At its expiry an order is tried a last time; a repair knows no expiry.
    return Math.min(Math.max(pauseMs, wantedMs), leftMs > 0 ? leftMs : Number.POSITIVE_INFINITY);
  }

  #isExpired(): boolean {
    const nowMs = this.#nowMs();
    const isRepair = isInstalled(this.#deps.journal.record()?.phase);
    const { order } = this.#piece;
    return !isRepair && nowMs !== undefined && order !== undefined && nowMs >= order.expiresMs;
  }

  #nowMs(): number | undefined {
    return this.#deps.isClockTrusted?.() === false ? undefined : this.#deps.clock.wallMs();
  }
}
