import { describeError } from '@watchpost/shared/kernel/errors.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type {
  ModelChoice,
  ShadowFindings,
  SwitchFindings,
} from '@watchpost/shared/messages/deployment-findings.ts';
import type { Camera } from './capture/port.ts';
import type { AgentConfig } from './config/schema.ts';
import type { ActiveModel, OpenModel, RunningModel, RunShadow, SelfTest } from './inference/port.ts';
import type { Clock } from './kernel/clock.ts';
import type { InstalledBundle, ModelTrial } from './update/port.ts';

export interface ModelTrialDeps {
  readonly open: OpenModel;
  readonly selfTest: SelfTest;
  readonly runShadow: RunShadow;
  readonly model: ActiveModel;
  /** Those there are now. */
  readonly cameras: () => readonly Camera[];
  readonly settings: Pick<AgentConfig, 'inference'> & { readonly shadow: AgentConfig['update']['shadow'] };
  readonly cores: number;
  /** Told after each change of what classifies. */
  readonly onChange?: () => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
}

/** A camera that is slow to change holds up neither the switch nor what waits for its turn behind it. */
const DELIVER_LIMIT_MS = 3_000;

/**
 * The trial of a model on this box: its own process beside the champion's, the same frames, one switch between two
 * frames. Until the trial is over the cameras deliver for both models, so that neither the switch nor the way back
 * waits for a camera.
 */
export function createModelTrial(deps: ModelTrialDeps): ModelTrial {
  return new CameraModelTrial(deps);
}

class CameraModelTrial implements ModelTrial {
  readonly #deps: ModelTrialDeps;
  readonly #inTurn = createTurns();
  #challenger: RunningModel | undefined;

  constructor(deps: ModelTrialDeps) {
    this.#deps = deps;
  }

  selfTest(bundle: InstalledBundle, signal: AbortSignal): ReturnType<ModelTrial['selfTest']> {
    const { selfTest, settings, cores } = this.#deps;
    const { threads, spinning, accelerator, maxMemoryBytes } = settings.inference;
    return selfTest(
      bundle,
      { spinning, accelerator, maxMemoryBytes, cores, ...(threads !== undefined && { threads }) },
      signal,
    );
  }

  shadow(bundle: InstalledBundle, choice: ModelChoice, signal: AbortSignal): Promise<ShadowFindings> {
    return this.#inTurn(() => this.#shadow(bundle, choice, signal));
  }

  switchTo(
    bundle: InstalledBundle,
    choice: ModelChoice,
    signal: AbortSignal = NEVER,
  ): ReturnType<ModelTrial['switchTo']> {
    return this.#inTurn(() => this.#switchTo(bundle, choice, signal));
  }

  settle(): Promise<void> {
    return this.#inTurn(() => this.#settle());
  }

  standDown(): Promise<void> {
    return this.#inTurn(async () => {
      this.#end(await this.#deps.model.replace(undefined));
      await this.#settle();
      this.#deps.onChange?.();
    });
  }

  async #shadow(bundle: InstalledBundle, choice: ModelChoice, signal: AbortSignal): Promise<ShadowFindings> {
    const { model, cameras, runShadow, settings } = this.#deps;
    const { frames, minutes, share01 } = settings.shadow;
    const champion = model.current();
    const challenger = await this.#challenge(bundle, choice, signal);
    const isBlind = cameras().every((camera) => camera.health().condition !== 'online');
    if (champion === undefined || frames === 0 || isBlind) return NOTHING_SEEN;
    await this.#deliver([champion, challenger], signal);
    return runShadow(challenger, { frames, windowMs: minutes * 60_000, share01 }, signal);
  }

  async #switchTo(
    bundle: InstalledBundle,
    choice: ModelChoice,
    signal: AbortSignal,
  ): ReturnType<ModelTrial['switchTo']> {
    const { model, clock, log } = this.#deps;
    signal.throwIfAborted();
    const champion = model.current();
    // The switch that is gone back from may not have come so far.
    if (champion !== undefined && isOf(champion, bundle, choice)) return NOTHING_SWITCHED;
    const next = await this.#challenge(bundle, choice, signal);
    await this.#deliver([next, champion], AbortSignal.any([signal, AbortSignal.timeout(DELIVER_LIMIT_MS)]));
    signal.throwIfAborted();
    const startedMs = clock.monotonicMs();
    const skippedBefore = this.#countSkipped();
    this.#challenger = undefined;
    const before = await model.replace(next);
    const tookMs = clock.monotonicMs() - startedMs;
    const framesDropped = Math.max(0, this.#countSkipped() - skippedBefore);
    this.#end(before);
    const { digest, manifest, variant } = next;
    log.info({ model: manifest.model, version: manifest.version, digest, variant, tookMs }, 'model active');
    this.#deps.onChange?.();
    return { kind: 'switch', framesDropped, tookMs };
  }

  async #settle(): Promise<void> {
    const challenger = this.#challenger;
    this.#challenger = undefined;
    await challenger?.classifier.release();
    await this.#deliver([this.#deps.model.current()], AbortSignal.timeout(DELIVER_LIMIT_MS));
  }

  /**
   * The bundle, loaded; the one loaded for the shadow where it is the same. One that is loaded and not wanted any more
   * is ended with the trial.
   */
  async #challenge(bundle: InstalledBundle, choice: ModelChoice, signal: AbortSignal): Promise<RunningModel> {
    signal.throwIfAborted();
    const loaded = this.#challenger;
    if (loaded !== undefined && isOf(loaded, bundle, choice)) return loaded;
    this.#challenger = undefined;
    await loaded?.classifier.release();
    const challenger = await this.#deps.open(bundle, choice, signal);
    this.#challenger = challenger;
    signal.throwIfAborted();
    return challenger;
  }

  async #deliver(models: readonly (RunningModel | undefined)[], signal: AbortSignal): Promise<void> {
    const plans = models.flatMap((model) => (model === undefined ? [] : [model.plan]));
    await Promise.all(this.#deps.cameras().map((camera) => camera.usePlans(plans, signal)));
  }

  #countSkipped(): number {
    const { cameras, model } = this.#deps;
    return cameras().reduce((total, camera) => total + camera.counters().skipped, model.displaced());
  }

  /** Its last frame is through; nobody waits for its process to go. */
  #end(model: RunningModel | undefined): void {
    model?.classifier.release().catch((error: unknown) => {
      this.#deps.log.warn(
        { digest: model.digest, error: describeError(error) },
        'model did not end in order',
      );
    });
  }
}

const NEVER = new AbortController().signal;

const NOTHING_SWITCHED: SwitchFindings = { kind: 'switch', framesDropped: 0, tookMs: 0 };

const NOTHING_SEEN: ShadowFindings = {
  kind: 'shadow',
  frames: 0,
  windowSec: 0,
  disagreements: [],
  errors: 0,
  busy01: 0,
};

const isOf = (model: RunningModel, { digest }: InstalledBundle, choice: ModelChoice): boolean =>
  model.digest === digest &&
  model.variant === choice.variant &&
  model.threads === choice.threads &&
  model.provider === choice.provider;
