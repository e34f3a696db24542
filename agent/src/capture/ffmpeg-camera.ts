import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { CameraConfig } from '../config/schema.ts';
import { type CameraListener, CameraSupervisor, type CameraSupervisorDeps } from './camera-supervisor.ts';
import type { DecodeChooser } from './decode/decode-chooser.ts';
import { createFfmpegLauncher } from './ffmpeg/ffmpeg-process.ts';
import { createFlowMeter } from './flow-meter.ts';
import { createFrameGrace, type FrameGrace } from './frame-grace.ts';
import { createFrameMaker } from './frame-maker.ts';
import type { CapturedPicture } from './frames/captured-picture.ts';
import { IDLE_PLAN } from './frames/frame-plan.ts';
import { createLatestSlot, type FrameSlot } from './frames/latest-slot.ts';
import { createPatientSlot } from './frames/patient-slot.ts';
import { createPictureRing } from './frames/picture-ring.ts';
import { createHostGate } from './host-gate.ts';
import type { LensLimits } from './lens/lens-watch.ts';
import type {
  Camera,
  CameraCounters,
  CameraHealth,
  DecodeTier,
  Frame,
  FramePlan,
  OpenCamera,
  TimedPicture,
} from './port.ts';
import { isPatient, isRecording } from './sources/camera-kind.ts';
import { openStills } from './stills/open-stills.ts';
import { CAPTURE_LIMITS, type CameraSight, type CaptureLimits, computeHealth } from './supervision.ts';
import { untilAborted } from './until-aborted.ts';

export interface FfmpegCameraDeps {
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** A draw from [0, 1). */
  readonly random01: () => number;
  /** Default: `ffmpeg` on the PATH. */
  readonly ffmpegPath?: string;
  readonly limits?: Partial<CaptureLimits>;
  readonly lens?: LensLimits;
  /** Without it, software decodes. */
  readonly decoding?: DecodeChooser;
}

/** The cameras of one box. They share the gates that keep them from storming a host, or the box, together. */
export function createFfmpegCamera(deps: FfmpegCameraDeps): OpenCamera {
  const { logger, nowMs, random01, ffmpegPath = 'ffmpeg' } = deps;
  const limits = { ...CAPTURE_LIMITS, ...deps.limits };
  const launcher = createFfmpegLauncher({ ffmpegPath, nowMs, killAfterMs: limits.killAfterMs });
  const lens = deps.lens === undefined ? {} : { lens: deps.lens };
  const gates = { gate: createHostGate(), besideGate: createHostGate() };
  const decoding = deps.decoding && { decoding: deps.decoding };
  return (config, plan = IDLE_PLAN) =>
    new FfmpegCamera(
      {
        launcher,
        limits,
        nowMs,
        random01,
        openStills,
        ...gates,
        ...lens,
        ...decoding,
        logger: logger.child({ camera: config.id }),
      },
      config,
      plan,
    );
}

interface CameraDeps extends CameraSupervisorDeps {
  readonly logger: Logger;
  readonly lens?: LensLimits;
}

const NEVER = new AbortController().signal;

class FfmpegCamera implements Camera {
  readonly id: string;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #config: CameraConfig;
  readonly #supervisor: CameraSupervisor;
  readonly #grace: FrameGrace;
  readonly #slot: FrameSlot<Frame>;
  readonly #makeFrame: ReturnType<typeof createFrameMaker>;
  readonly #ring = createPictureRing();
  /** Resolves with the first picture, or when none can come. */
  readonly #shown = Promise.withResolvers<void>();
  readonly #listeners: ((health: CameraHealth) => void)[] = [];
  #running: Promise<void> = Promise.resolve();
  #sight: CameraSight = { stream: 'connecting', picture: 'clear' };
  #flow = createFlowMeter(0);
  #captured = 0;
  #reconnects = 0;

  constructor(deps: CameraDeps, config: CameraConfig, plan: FramePlan) {
    this.id = config.id;
    this.#logger = deps.logger;
    this.#nowMs = deps.nowMs;
    this.#config = config;
    this.#grace = createFrameGrace(config.fps);
    this.#slot = isPatient(config) ? createPatientSlot() : createLatestSlot();
    this.#supervisor = new CameraSupervisor(deps, config, [plan], this.#listen());
    this.#makeFrame = createFrameMaker({
      camera: config,
      plans: () => this.#supervisor.plans(),
      ...(deps.lens !== undefined && { lens: deps.lens }),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#flow = createFlowMeter(this.#nowMs());
    const onAbort = (): void => this.#halt();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) this.#halt();
    this.#running = this.#supervisor.run().finally(() => {
      signal.removeEventListener('abort', onAbort);
      this.#slot.close();
      this.#shown.resolve();
    });
  }

  async stop(): Promise<void> {
    this.#halt();
    await this.#running;
    await this.#supervisor.settled();
  }

  nextFrame(signal: AbortSignal): Promise<Frame | undefined> {
    return this.#slot.take(signal);
  }

  latestPicture(): Uint8Array | undefined {
    return this.#ring.list().at(-1)?.jpeg;
  }

  async waitForPicture(signal: AbortSignal): Promise<Uint8Array | undefined> {
    await untilAborted(this.#shown.promise, signal);
    return this.latestPicture();
  }

  recentPictures(): readonly TimedPicture[] {
    return this.#ring.list();
  }

  useTier(tier: DecodeTier): void {
    this.#supervisor.useTier(tier);
  }

  health(): CameraHealth {
    return { ...computeHealth(this.#sight), quality01: this.#flow.quality01(this.#nowMs()) };
  }

  counters(): CameraCounters {
    const skipped = this.#slot.overwritten();
    return { captured: this.#captured, skipped, reconnects: this.#reconnects };
  }

  onHealth(listener: (health: CameraHealth) => void): void {
    this.#listeners.push(listener);
  }

  usePlans(plans: readonly FramePlan[], signal: AbortSignal = NEVER): Promise<void> {
    return untilAborted(this.#supervisor.usePlans(plans), signal);
  }

  #halt(): void {
    this.#supervisor.halt();
    this.#slot.clear();
    this.#slot.close();
    this.#shown.resolve();
  }

  #listen(): CameraListener {
    return {
      onFrame: (picture, index, tier) => this.#take(picture, index, tier),
      onPicture: (jpeg) => {
        this.#ring.add({ jpeg, capturedAtMs: this.#nowMs() });
        this.#shown.resolve();
      },
      onOutdated: () => {
        const untaken = this.#slot.clear();
        // They come again.
        if (isPatient(this.#config)) this.#captured -= untaken;
        return untaken;
      },
      onFailure: (failure, afterMs) => {
        this.#grace.onFailure();
        this.#see({ stream: 'failed', failure, picture: 'clear' });
        this.#logger.debug({ ...failure, afterMs }, 'camera is opened again later');
      },
      onReconnect: () => {
        this.#reconnects += 1;
      },
      onFinish: () => this.#see({ ...this.#sight, stream: 'finished' }),
    };
  }

  #take(picture: CapturedPicture, index: number, tier: DecodeTier): Promise<void> | undefined {
    const capturedAtMs = this.#nowMs();
    const mediaMs = isRecording(this.#config) ? Math.round((index * 1000) / this.#config.fps) : undefined;
    this.#flow.onFrame(capturedAtMs, this.#grace.onFrame(capturedAtMs, tier));
    this.#captured += 1;
    const { motion, verdict, look } = this.#makeFrame(picture, mediaMs ?? capturedAtMs);
    const taken = this.#slot.put({
      cameraId: this.id,
      sequence: this.#captured,
      capturedAtMs,
      motion,
      look,
      ...(mediaMs !== undefined && { mediaMs }),
    });
    this.#see({ stream: 'flowing', picture: verdict });
    return taken;
  }

  #see(sight: CameraSight): void {
    const before = computeHealth(this.#sight);
    const now = computeHealth(sight);
    this.#sight = sight;
    if (now.condition === before.condition && now.code === before.code && now.detail === before.detail)
      return;
    if (now.condition === 'online' || now.condition === 'disabled') {
      this.#logger.info(now, 'camera condition changed');
    } else {
      this.#logger.warn(now, 'camera condition changed');
    }
    for (const listener of this.#listeners) listener(this.health());
  }
}
