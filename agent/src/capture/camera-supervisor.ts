import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { CameraConfig } from '../config/schema.ts';
import { type CameraStream, type CameraStreamDeps, openStream } from './camera-stream.ts';
import { type CapturedPicture, chooseViews } from './frames/captured-picture.ts';
import { coversPlans, mergePlans } from './frames/frame-plan.ts';
import type { HostGate } from './host-gate.ts';
import type { DecodeTier, FramePlan } from './port.ts';
import { hasTiers, isPatient, isRecording } from './sources/camera-kind.ts';
import { createPlaylist, type Playlist } from './sources/playlist.ts';
import type { StreamFailure } from './sources/stream-error.ts';
import { type NextStep, planNext, type SourceKind, type StreamEnd } from './supervision.ts';
import { untilAborted } from './until-aborted.ts';

export interface CameraSupervisorDeps extends CameraStreamDeps {
  readonly random01: () => number;
  /** One camera of the box at a time has a second ffmpeg: a small board has no room for more. */
  readonly besideGate: HostGate;
}

export interface CameraListener {
  /**
   * @param index of the frame in its stream, or in the recording
   * @param tier of the stream it came with
   * @returns when given: no frame follows until it resolves
   */
  onFrame(picture: CapturedPicture, index: number, tier: DecodeTier): Promise<void> | undefined;
  onPicture(jpeg: Uint8Array): void;
  /** The frames handed over so far lack a picture for a plan in use. @returns how many were not taken */
  onOutdated(): number;
  /** The camera is opened again after a while. */
  onFailure(failure: StreamFailure, afterMs: number): void;
  onReconnect(): void;
  /** The recording is over. */
  onFinish(): void;
}

/** Who comes back to every picture does not wait behind those who leave it. */
const BESIDE = { every: 'this box, to every picture', keyframes: 'this box, to keyframes' } as const;

/** Keeps a stream of one camera open, with the plans and the tier that are wanted. */
export class CameraSupervisor {
  readonly #deps: CameraSupervisorDeps;
  readonly #camera: CameraConfig;
  readonly #listener: CameraListener;
  readonly #life = new AbortController();
  readonly #playlist: Playlist | undefined;
  /** What is wanted; a stream that was opened before may have other ones. */
  #plans: readonly FramePlan[];
  #tier: DecodeTier = 'every';
  /** It lets one watch at a time: to leave the running stream for keyframes would leave it blind at each change. */
  #isAlone = false;
  /** Of the frame handed over last. */
  #givenPlans: readonly FramePlan[] = [];
  #givenAtMs = 0;
  /** The one whose frames count. */
  #stream: CameraStream | undefined;
  /** The one that takes over with its first frame. */
  #beside: CameraStream | undefined;
  /** Aborted when `#settled` works for what is no longer wanted. */
  #change = new AbortController();
  /** Frames of the closed stream that come again, since nobody took them. */
  #again = 0;
  #settled: Promise<void> = Promise.resolve();

  constructor(
    deps: CameraSupervisorDeps,
    camera: CameraConfig,
    plans: readonly FramePlan[],
    listener: CameraListener,
  ) {
    this.#deps = deps;
    this.#camera = camera;
    this.#playlist = createPlaylist(camera);
    this.#plans = mergePlans(plans);
    this.#listener = listener;
  }

  /** Open, watch, judge how it ended, wait, open again: for ever, unless a recording is over. */
  async run(): Promise<void> {
    for (let attempt = 0, fromIndex = 0; !this.#life.signal.aborted || this.#stream !== undefined; ) {
      this.#stream ??= this.#open(fromIndex);
      const stream = this.#stream;
      const end = await stream.end;
      // Another one has taken over.
      if (this.#stream !== stream) continue;
      this.#stream = undefined;
      if (stream.hasFrames()) attempt = 0;
      fromIndex = stream.resumeIndex(end) - this.#again;
      this.#again = 0;
      if (stream.isClosed()) continue;
      const step = this.#judge(end, attempt);
      if (step.kind === 'finish') break;
      if (step.kind === 'replay') await this.#outlast();
      if (step.kind === 'replay' || this.#takeOver()) continue;
      attempt += 1;
      await this.#pause(step);
    }
  }

  /** Lets `run` come to its end. */
  halt(): void {
    this.#life.abort();
    this.#change.abort();
    this.#stream?.close();
    this.#beside?.close();
  }

  /** Resolves when every frame handed over from now on has these plans, or the next call overtakes this one. */
  usePlans(plans: readonly FramePlan[]): Promise<void> {
    this.#plans = mergePlans(plans);
    this.#begin();
    return this.settled();
  }

  /** Those that are wanted. */
  plans(): readonly FramePlan[] {
    return this.#plans;
  }

  /** Sources without tiers ignore it. */
  useTier(tier: DecodeTier): void {
    if (tier === this.#tier || !hasTiers(this.#camera)) return;
    this.#tier = tier;
    this.#begin();
  }

  /** Resolves when no change of plans or tier is under way. */
  async settled(): Promise<void> {
    for (let known: unknown; known !== this.#settled; await known) known = this.#settled;
  }

  #begin(): void {
    this.#change.abort();
    this.#beside?.close();
    this.#change = new AbortController();
    this.#settled = this.#settled.then(() => this.#settle());
  }

  /** What is opened from now on. */
  #openTier(): DecodeTier {
    return this.#isAlone ? 'every' : this.#tier;
  }

  #hasPlans(plans: readonly FramePlan[]): boolean {
    // A scene has every plan in it.
    return this.#camera.view === 'motion' || coversPlans(plans, this.#plans);
  }

  #isAsWanted({ plans, tier }: CameraStream): boolean {
    return this.#hasPlans(plans) && tier === this.#openTier();
  }

  /** Make before break, where that can be; else the stream is closed, and opened again as it is wanted. */
  async #settle(): Promise<void> {
    if (this.#life.signal.aborted) return;
    const { signal } = this.#change;
    const running = this.#stream;
    if (running !== undefined && !this.#isAsWanted(running)) {
      if (running.hasFrames() && canOpenTwice(this.#camera)) await this.#replace(running, signal);
      if (signal.aborted) return;
      if (this.#stream === running) this.#giveUp(running);
    }
    if (this.#hasPlans(this.#givenPlans)) return;
    const untaken = this.#listener.onOutdated();
    if (isPatient(this.#camera) && running?.isClosed() === true) this.#again = untaken;
  }

  /** No other stream could be opened beside this one, which is kept where it only decodes more than is wanted. */
  #giveUp(running: CameraStream): void {
    this.#isAlone = this.#tier === 'keyframes' && running.hasFrames();
    if (!this.#isAsWanted(running)) running.close();
  }

  /** Resolves when another stream has taken over, or could not, or the running one ended. */
  async #replace(running: CameraStream, signal: AbortSignal): Promise<void> {
    const leave = await this.#deps.besideGate.enter(BESIDE[this.#openTier()], signal);
    if (signal.aborted || this.#stream !== running) return leave();
    const beside = this.#open(running.nextIndex());
    this.#beside = beside;
    await beside.begun;
    if (this.#beside !== beside) return leave();
    const end = await beside.end;
    this.#beside = undefined;
    leave();
    // Nothing lies behind this position: the recording is about to end, and is not cut short.
    if (end.kind === 'ended' && isRecording(this.#camera)) await untilAborted(running.end, signal);
  }

  #open(fromIndex: number): CameraStream {
    const source = {
      camera: this.#camera,
      plans: this.#plans,
      tier: this.#openTier(),
      ...(this.#playlist === undefined ? {} : { playlist: this.#playlist }),
      fromIndex: isRecording(this.#camera) ? fromIndex : 0,
    };
    const stream: CameraStream = openStream(this.#deps, source, {
      onFrame: (picture, index) => this.#take(stream, picture, index),
      onPicture: (jpeg) => {
        if (stream === this.#stream) this.#listener.onPicture(jpeg);
      },
    });
    return stream;
  }

  #take(stream: CameraStream, picture: CapturedPicture, index: number): Promise<void> | undefined {
    if (stream === this.#beside) {
      this.#stream?.close();
      this.#takeOver();
    }
    if (stream !== this.#stream) return undefined;
    const views = chooseViews(picture.views, this.#plans);
    this.#givenAtMs = this.#deps.nowMs();
    this.#givenPlans = coversPlans(stream.plans, this.#plans) ? this.#plans : stream.plans;
    return this.#listener.onFrame({ ...picture, views }, index, stream.tier);
  }

  /** The stream that is being opened beside the running one, or instead of one that was lost, is the one. */
  #takeOver(): boolean {
    this.#stream = this.#beside;
    this.#beside = undefined;
    return this.#stream !== undefined;
  }

  #judge(end: StreamEnd, attempt: number): NextStep {
    const { limits, random01 } = this.#deps;
    const source = sourceKind(this.#camera);
    const step = planNext({ source, end, attempt, random01: random01() }, limits);
    if (step.kind !== 'retry') this.#beside?.close();
    if (step.kind === 'finish') this.#listener.onFinish();
    return step;
  }

  /** The last picture of a recording stands for as long as each: one of a single picture would begin without end. */
  async #outlast(): Promise<void> {
    if (isPatient(this.#camera)) return;
    const goneMs = this.#deps.nowMs() - this.#givenAtMs;
    await waitMs(Math.max(0, 1000 / this.#camera.fps - goneMs), this.#life.signal);
  }

  async #pause({ failure, afterMs }: Extract<NextStep, { kind: 'retry' }>): Promise<void> {
    this.#listener.onFailure(failure, afterMs);
    await waitMs(afterMs, this.#life.signal);
    this.#isAlone = false;
    if (!this.#life.signal.aborted) this.#listener.onReconnect();
  }
}

function sourceKind(camera: CameraConfig): SourceKind {
  if (!isRecording(camera)) return 'live';
  return camera.loop ? 'loop' : 'recording';
}

/** A device answers one program only; a recording that waits for its taker goes on exactly where it was. */
const canOpenTwice = (camera: CameraConfig): boolean =>
  camera.device === undefined && camera.webcam === undefined && !isPatient(camera);
