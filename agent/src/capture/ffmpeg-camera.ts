import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { CameraConfig } from '../config/schema.ts';
import { agentError } from '../kernel/errors.ts';
import { isTextFile } from '../kernel/text-file.ts';
import { hostOf } from './camera-url.ts';
import { readCredentials } from './credentials-file.ts';
import { createFfmpegLauncher } from './ffmpeg-process.ts';
import { playStream, type StreamDeps } from './ffmpeg-stream.ts';
import { createFlowMeter } from './flow-meter.ts';
import { IDLE_PLAN, isSamePlan } from './frame-plan.ts';
import { createHostGate, type HostGate } from './host-gate.ts';
import { createLatestSlot } from './latest-slot.ts';
import { judgePicture, measurePicture, PICTURE_LIMITS, type PictureHistory } from './picture-watch.ts';
import type { Camera, CameraCounters, CameraHealth, Frame, FramePlan, OpenCamera } from './port.ts';
import type { StreamFailure } from './stream-error.ts';
import {
  CAPTURE_LIMITS,
  type CameraSight,
  type CaptureLimits,
  computeHealth,
  planNext,
  type SourceKind,
  type StreamEnd,
} from './supervision.ts';

export interface FfmpegCameraDeps {
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** A draw from [0, 1). */
  readonly random01: () => number;
  /** Default: `ffmpeg` on the PATH. */
  readonly ffmpegPath?: string;
  readonly limits?: Partial<CaptureLimits>;
}

/** The cameras of one box. They share the gate that keeps them from storming a host together. */
export function createFfmpegCamera(deps: FfmpegCameraDeps): OpenCamera {
  const { logger, nowMs, random01, ffmpegPath = 'ffmpeg' } = deps;
  const limits = { ...CAPTURE_LIMITS, ...deps.limits };
  const launcher = createFfmpegLauncher({ ffmpegPath, nowMs, killAfterMs: limits.killAfterMs });
  const gate = createHostGate();
  return (config, plan = IDLE_PLAN) =>
    new FfmpegCamera(
      { launcher, limits, nowMs, random01, gate, logger: logger.child({ camera: config.id }) },
      config,
      plan,
    );
}

interface CameraDeps extends StreamDeps {
  readonly random01: () => number;
  readonly gate: HostGate;
  readonly logger: Logger;
}

class FfmpegCamera implements Camera {
  readonly id: string;
  readonly #deps: CameraDeps;
  readonly #config: CameraConfig;
  readonly #slot = createLatestSlot<Frame>();
  readonly #life = new AbortController();
  readonly #listeners: ((health: CameraHealth) => void)[] = [];
  #plan: FramePlan;
  /** Aborted to end the running stream, be it for good or for another plan. */
  #opening = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #sight: CameraSight = { stream: 'connecting', picture: 'clear' };
  #pictureHistory: PictureHistory | undefined;
  #flow = createFlowMeter(0, 0);
  #latestPicture: Uint8Array | undefined;
  #captured = 0;
  #reconnects = 0;

  constructor(deps: CameraDeps, config: CameraConfig, plan: FramePlan) {
    this.id = config.id;
    this.#deps = deps;
    this.#config = config;
    this.#plan = plan;
  }

  async start(signal: AbortSignal): Promise<void> {
    const graceMs = Math.max(2_000, 2_000 / this.#config.fps);
    this.#flow = createFlowMeter(this.#deps.nowMs(), graceMs);
    const onAbort = (): void => this.#halt();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) this.#halt();
    this.#running = this.#supervise().finally(() => {
      signal.removeEventListener('abort', onAbort);
      this.#slot.close();
    });
  }

  async stop(): Promise<void> {
    this.#halt();
    await this.#running;
  }

  nextFrame(signal: AbortSignal): Promise<Frame | undefined> {
    return this.#slot.take(signal);
  }

  latestPicture(): Uint8Array | undefined {
    return this.#latestPicture;
  }

  health(): CameraHealth {
    return { ...computeHealth(this.#sight), quality01: this.#flow.quality01(this.#deps.nowMs()) };
  }

  counters(): CameraCounters {
    const skipped = this.#slot.overwritten();
    return { captured: this.#captured, skipped, reconnects: this.#reconnects };
  }

  onHealth(listener: (health: CameraHealth) => void): void {
    this.#listeners.push(listener);
  }

  usePlan(plan: FramePlan): void {
    if (isSamePlan(plan, this.#plan)) return;
    this.#plan = plan;
    this.#slot.clear();
    this.#opening.abort();
  }

  #halt(): void {
    this.#life.abort();
    this.#opening.abort();
    this.#slot.clear();
    this.#slot.close();
  }

  /** Open, watch, judge how it ended, wait, open again: for ever, unless a recording is over. */
  async #supervise(): Promise<void> {
    const { limits, random01, logger } = this.#deps;
    const life = this.#life.signal;
    const source = sourceKind(this.#config);
    for (let attempt = 0; !life.aborted; ) {
      this.#opening = new AbortController();
      const { signal } = this.#opening;
      const end = await this.#open(signal);
      if (signal.aborted) continue;
      if (end.frames > 0) attempt = 0;
      const step = planNext({ source, end, attempt, random01: random01() }, limits);
      if (step.kind === 'finish') return this.#see({ ...this.#sight, stream: 'finished' });
      if (step.kind === 'replay') continue;
      attempt += 1;
      this.#see({ stream: 'failed', failure: step.failure, picture: 'clear' });
      logger.debug({ ...step.failure, afterMs: step.afterMs }, 'camera is opened again later');
      await waitMs(step.afterMs, life);
      if (!life.aborted) this.#reconnects += 1;
    }
  }

  async #open(signal: AbortSignal): Promise<StreamEnd> {
    const { url, file, credentialsFile } = this.#config;
    const leave = url === undefined ? () => undefined : await this.#deps.gate.enter(hostOf(url), signal);
    try {
      if (file !== undefined) await refuseText(file);
      const credentials = credentialsFile === undefined ? undefined : await readCredentials(credentialsFile);
      if (signal.aborted) return { kind: 'ended', frames: 0 };
      const listener = {
        onFrame: (rgb: Uint8Array, index: number): void => {
          leave();
          this.#take(rgb, index);
        },
        onPicture: (jpeg: Uint8Array): void => {
          this.#latestPicture = jpeg;
        },
      };
      const what = {
        camera: this.#config,
        plan: this.#plan,
        ...(credentials !== undefined && { credentials }),
      };
      return await playStream(this.#deps, what, listener, signal);
    } catch (error) {
      return { kind: 'failed', frames: 0, failure: refusalOf(error) };
    } finally {
      leave();
    }
  }

  #take(rgb: Uint8Array, index: number): void {
    const nowMs = this.#deps.nowMs();
    const { fps, file } = this.#config;
    const mediaMs = file === undefined ? {} : { mediaMs: Math.round((index * 1000) / fps) };
    const judged = judgePicture(measurePicture(rgb), this.#pictureHistory, nowMs, PICTURE_LIMITS);
    this.#pictureHistory = judged.history;
    this.#flow.onFrame(nowMs);
    this.#captured += 1;
    this.#slot.put({ cameraId: this.id, sequence: this.#captured, capturedAtMs: nowMs, rgb, ...mediaMs });
    this.#see({ stream: 'flowing', picture: judged.verdict });
  }

  #see(sight: CameraSight): void {
    const before = computeHealth(this.#sight);
    const now = computeHealth(sight);
    this.#sight = sight;
    if (now.condition === before.condition && now.code === before.code && now.detail === before.detail)
      return;
    if (now.condition === 'online' || now.condition === 'disabled') {
      this.#deps.logger.info(now, 'camera condition changed');
    } else {
      this.#deps.logger.warn(now, 'camera condition changed');
    }
    for (const listener of this.#listeners) listener(this.health());
  }
}

/** @throws AppError CAMERA_FORMAT; what cannot be read is left to ffmpeg to name */
async function refuseText(file: string): Promise<void> {
  if (await isTextFile(file).catch(() => false)) {
    throw agentError('CAMERA_FORMAT', `${file} holds text, not video`);
  }
}

/** What was wrong with the source before ffmpeg saw it; any other error is a bug. */
function refusalOf(error: unknown): StreamFailure {
  for (const code of ['CAMERA_AUTH', 'CAMERA_FORMAT'] as const) {
    if (isAppError(error, code)) return { code, detail: error.message };
  }
  throw error;
}

function sourceKind({ file, loop }: CameraConfig): SourceKind {
  if (file === undefined) return 'live';
  return loop ? 'loop' : 'recording';
}
