import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { CameraConfig } from '../config/schema.ts';
import { type CameraStream, type CameraStreamDeps, openStream } from './camera-stream.ts';
import { choosePictures, coversPlans, mergePlans } from './frame-plan.ts';
import type { HostGate } from './host-gate.ts';
import type { FramePlan, PlannedPicture } from './port.ts';
import type { StreamFailure } from './stream-error.ts';
import { type NextStep, planNext, type SourceKind, type StreamEnd } from './supervision.ts';
import { untilAborted } from './until-aborted.ts';

export interface CameraSupervisorDeps extends CameraStreamDeps {
  readonly random01: () => number;
  /** One camera of the box at a time has a second ffmpeg: a small board has no room for more. */
  readonly besideGate: HostGate;
}

export interface CameraListener {
  /** @param index of the frame in its stream, or in the recording */
  onFrame(pictures: readonly PlannedPicture[], index: number): void;
  onPicture(jpeg: Uint8Array): void;
  /** The frames handed over so far lack a picture for a plan in use. */
  onOutdated(): void;
  /** The camera is opened again after a while. */
  onFailure(failure: StreamFailure, afterMs: number): void;
  onReconnect(): void;
  /** The recording is over. */
  onFinish(): void;
}

const BOX = 'this box';

/** Keeps a stream of one camera open, with the plans that are wanted. */
export class CameraSupervisor {
  readonly #deps: CameraSupervisorDeps;
  readonly #camera: CameraConfig;
  readonly #listener: CameraListener;
  readonly #life = new AbortController();
  /** What is wanted; a stream that was opened before may have other ones. */
  #plans: readonly FramePlan[];
  /** Of the frame handed over last. */
  #givenPlans: readonly FramePlan[] = [];
  /** The one whose frames count. */
  #stream: CameraStream | undefined;
  /** The one that takes over with its first frame. */
  #beside: CameraStream | undefined;
  /** Aborted when `#settled` works for plans that are no longer wanted. */
  #change = new AbortController();
  #settled: Promise<void> = Promise.resolve();

  constructor(
    deps: CameraSupervisorDeps,
    camera: CameraConfig,
    plans: readonly FramePlan[],
    listener: CameraListener,
  ) {
    this.#deps = deps;
    this.#camera = camera;
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
      if (end.frames > 0) attempt = 0;
      fromIndex = stream.resumeIndex();
      if (stream.isClosed()) continue;
      const step = this.#judge(end, attempt);
      if (step.kind === 'finish') break;
      if (step.kind === 'replay') continue;
      if (this.#takeOver()) continue;
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
    this.#change.abort();
    this.#beside?.close();
    this.#change = new AbortController();
    this.#settled = this.#settled.then(() => this.#settle());
    return this.#settled;
  }

  /** Resolves when no change of plans is under way. */
  settled(): Promise<void> {
    return this.#settled;
  }

  /** Make before break, where that can be; else the stream is closed, and opened again as it is wanted. */
  async #settle(): Promise<void> {
    if (this.#life.signal.aborted) return;
    const { signal } = this.#change;
    const running = this.#stream;
    if (running !== undefined && !coversPlans(running.plans, this.#plans)) {
      if (running.hasFrames() && this.#camera.device === undefined) await this.#replace(running, signal);
      if (signal.aborted) return;
      if (this.#stream === running) running.close();
    }
    if (!coversPlans(this.#givenPlans, this.#plans)) this.#listener.onOutdated();
  }

  /** Resolves when another stream has taken over, or could not, or the running one ended. */
  async #replace(running: CameraStream, signal: AbortSignal): Promise<void> {
    const leave = await this.#deps.besideGate.enter(BOX, signal);
    if (signal.aborted || this.#stream !== running) return leave();
    const beside = this.#open(running.nextIndex());
    this.#beside = beside;
    await beside.begun;
    if (this.#beside !== beside) return leave();
    const end = await beside.end;
    this.#beside = undefined;
    leave();
    // Nothing lies behind this position: the recording is about to end, and is not cut short.
    if (end.kind === 'ended' && this.#camera.file !== undefined) await untilAborted(running.end, signal);
  }

  #open(fromIndex: number): CameraStream {
    const source = {
      camera: this.#camera,
      plans: this.#plans,
      fromIndex: this.#camera.file === undefined ? 0 : fromIndex,
    };
    const stream: CameraStream = openStream(this.#deps, source, {
      onFrame: (tensors, index) => this.#take(stream, tensors, index),
      onPicture: (jpeg) => {
        if (stream === this.#stream) this.#listener.onPicture(jpeg);
      },
    });
    return stream;
  }

  #take(stream: CameraStream, tensors: readonly Uint8Array[], index: number): void {
    if (stream === this.#beside) {
      this.#stream?.close();
      this.#takeOver();
    }
    if (stream !== this.#stream) return;
    const made = stream.plans.map((plan, at) => ({ plan, rgb: tensors[at] ?? new Uint8Array() }));
    const pictures = choosePictures(made, this.#plans);
    this.#givenPlans = pictures.map(({ plan }) => plan);
    this.#listener.onFrame(pictures, index);
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

  async #pause({ failure, afterMs }: Extract<NextStep, { kind: 'retry' }>): Promise<void> {
    this.#listener.onFailure(failure, afterMs);
    await waitMs(afterMs, this.#life.signal);
    if (!this.#life.signal.aborted) this.#listener.onReconnect();
  }
}

function sourceKind({ file, loop }: CameraConfig): SourceKind {
  if (file === undefined) return 'live';
  return loop ? 'loop' : 'recording';
}
