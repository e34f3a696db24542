import type { CameraConfig } from '@watchpost/shared/config/settings.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Attendant, Cause, Orders, Verdict } from '../attention/port.ts';
import { type Camera, type DecodeTier, type Frame, isPatient, isRecording } from '../capture/port.ts';
import type { Looked } from '../inference/port.ts';
import { createPaceMeter, type PaceMeter } from '../kernel/pace.ts';
import type { LookPace, PipelineDeps } from './port.ts';
import { createSightings, type Sightings } from './sightings.ts';

export interface CameraWatchDeps extends PipelineDeps {
  /** What the box can give to this camera now. */
  readonly orders: () => Orders;
}

/** Causes that the model on trial may have brought about: what is left out for them is held against it. */
const OWN_FAULTS: readonly Cause[] = ['queue', 'pressure'];
/** A decision is wanted within a second, however seldom the camera sends. */
const MAX_WAIT_MS = 1_000;

/**
 * One camera: capture -> attention -> inference -> decision -> uplink. Frames are taken as they come, so that what moves
 * is seen at once; the one that waits for the model is always the newest. Only a recording that is to be classified as
 * fast as it can be is taken frame by frame.
 */
export class CameraWatch {
  readonly camera: Camera;
  readonly #config: CameraConfig;
  readonly #deps: CameraWatchDeps;
  readonly #pace: LookPace;
  readonly #meter: PaceMeter;
  readonly #attendant: Attendant;
  readonly #sightings: Sightings;
  readonly #looks = new Set<Promise<void>>();
  #tier: DecodeTier = 'every';
  /** What was last said of the camera's health. */
  #saidHealth = '';

  constructor(camera: Camera, config: CameraConfig, deps: CameraWatchDeps) {
    this.camera = camera;
    this.#config = config;
    this.#deps = deps;
    this.#pace = { intervalMs: 1000 / config.fps, lookMs: config.motion.lookSec * 1000 };
    this.#meter = createPaceMeter(deps.clock.monotonicMs());
    this.#attendant = deps.attention.createAttendant(config);
    this.#sightings = createSightings(deps, camera.id, this.#pace);
  }

  /** Resolves when the camera has ended, and all that it showed was told. */
  async run(signal: AbortSignal): Promise<void> {
    const isInStep = isPatient(this.#config);
    for (
      let frame = await this.camera.nextFrame(signal);
      frame !== undefined;
      frame = await this.camera.nextFrame(signal)
    ) {
      const look = this.#take(frame);
      if (isInStep) await look;
    }
    await Promise.all(this.#looks);
    this.#sightings.endAll();
  }

  /** What is due now and then. */
  tick(): void {
    this.#sightings.lapse();
    this.tellHealth();
    this.#tellPace();
  }

  /** Said anew only when it changed by what a person would see: the quality in percent. */
  tellHealth(): void {
    const { uplink, clock, attention } = this.#deps;
    const health = this.camera.health();
    const slowed = attention.governor.current();
    const quality01 = Math.round(health.quality01 * 100) / 100;
    const said = { ...health, quality01, ...(slowed && { slowed }) };
    const key = JSON.stringify(said);
    if (key === this.#saidHealth) return;
    this.#saidHealth = key;
    uplink.publish('cameraStatus', { tsMs: clock.wallMs(), ...said }, this.camera.id);
  }

  #tellPace(): void {
    const { clock, uplink } = this.#deps;
    const pace = this.#meter.report(clock.monotonicMs(), this.camera.counters());
    if (pace === undefined) return;
    uplink.publish('cameraStats', { tsMs: clock.wallMs(), ...pace, tier: this.#tier }, this.camera.id);
  }

  /** Resolves when its look, if there is one, is through. */
  #take(frame: Frame): Promise<void> {
    const { model, counts } = this.#deps;
    const { verdict, tier } = this.#attendant.judge(
      {
        atMs: frame.capturedAtMs,
        share01: frame.motion.share01,
        isSettled: this.#sightings.isSettled(),
      },
      this.#deps.orders(),
    );
    this.#useTier(tier);
    if (model.current() === undefined) return Promise.resolve();
    if (verdict !== 'look') {
      this.#meter.leaveOut(verdict);
      if (this.#isOwnFault(verdict)) for (const _ of this.#regions()) counts.onDue();
      else counts.onLeftOut();
      return Promise.resolve();
    }
    const look = this.#look(frame);
    this.#looks.add(look);
    return look.finally(() => this.#looks.delete(look));
  }

  #isOwnFault(verdict: Verdict['verdict']): boolean {
    const why = this.#deps.attention.governor.current()?.why ?? [];
    return verdict === 'governed' && why.some((cause) => OWN_FAULTS.includes(cause));
  }

  /** A picture that has not changed for a minute shows what was, not what is: nobody sleeps that still. */
  #isFrozen(): boolean {
    return !isRecording(this.#config) && this.camera.health().condition === 'frozen';
  }

  #useTier(tier: DecodeTier): void {
    if (tier === this.#tier) return;
    this.#tier = tier;
    this.camera.useTier(tier);
    this.#deps.log.debug({ camera: this.camera.id, tier }, 'other pictures are decoded');
  }

  #regions(): readonly (string | undefined)[] {
    const { regions } = this.#config;
    return regions.length === 0 ? [undefined] : regions.map(({ id }) => id);
  }

  async #look(frame: Frame): Promise<void> {
    const looked = await Promise.all(this.#regions().map((region) => this.#lookAt(frame, region)));
    const inferMs = looked.flatMap((it) => (it?.kind === 'classified' ? [it.prediction.inferMs] : []));
    if (inferMs.length > 0) this.#meter.add(inferMs, this.#deps.clock.monotonicMs() - frame.capturedAtMs);
    else if (looked.some((it) => it?.kind === 'displaced')) this.#meter.leaveOut('displaced');
  }

  async #lookAt(frame: Frame, region: string | undefined): Promise<Looked | undefined> {
    const { model, counts, log } = this.#deps;
    const { capturedAtMs, mediaMs } = frame;
    counts.onDue();
    const look = {
      place: JSON.stringify([this.camera.id, region]),
      capturedAtMs,
      dueAtMs: capturedAtMs + Math.min(this.#pace.intervalMs, MAX_WAIT_MS),
      // Made when the turn of its first view has come.
      pictures: async () => (await frame.look()).find((view) => view.region === region)?.pictures ?? [],
    };
    const looked = await model.classify(look).catch((error: unknown) => {
      counts.onFrameFailed();
      log.warn({ camera: this.camera.id, error: describeError(error) }, 'frame lost');
      return undefined;
    });
    if (looked?.kind === 'unseen') counts.onUnseen();
    if (looked?.kind === 'classified' && !this.#isFrozen()) {
      const seen = {
        atMs: capturedAtMs,
        ...(region !== undefined && { region }),
        ...(mediaMs !== undefined && { mediaMs }),
      };
      this.#sightings.count(looked, seen);
    }
    return looked;
  }
}
