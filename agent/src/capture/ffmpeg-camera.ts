import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { CameraConfig } from '../config/schema.ts';
import { type CameraListener, CameraSupervisor, type CameraSupervisorDeps } from './camera-supervisor.ts';
import { createFfmpegLauncher } from './ffmpeg-process.ts';
import { createFlowMeter } from './flow-meter.ts';
import { IDLE_PLAN } from './frame-plan.ts';
import { createHostGate } from './host-gate.ts';
import { createLatestSlot } from './latest-slot.ts';
import { createPictureWatch, PICTURE_LIMITS } from './picture-watch.ts';
import type {
  Camera,
  CameraCounters,
  CameraHealth,
  DecodeTier,
  Frame,
  FramePlan,
  OpenCamera,
  PlannedPicture,
  TimedPicture,
} from './port.ts';
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
}

/** The cameras of one box. They share the gates that keep them from storming a host, or the box, together. */
export function createFfmpegCamera(deps: FfmpegCameraDeps): OpenCamera {
  const { logger, nowMs, random01, ffmpegPath = 'ffmpeg' } = deps;
  const limits = { ...CAPTURE_LIMITS, ...deps.limits };
  const launcher = createFfmpegLauncher({ ffmpegPath, nowMs, killAfterMs: limits.killAfterMs });
  const gates = { gate: createHostGate(), besideGate: createHostGate() };
  return (config, plan = IDLE_PLAN) =>
    new FfmpegCamera(
      { launcher, limits, nowMs, random01, ...gates, logger: logger.child({ camera: config.id }) },
      config,
      plan,
    );
}

interface CameraDeps extends CameraSupervisorDeps {
  readonly logger: Logger;
}

const MAX_RECENT = 15;
const NEVER = new AbortController().signal;

class FfmpegCamera implements Camera {
  readonly id: string;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #config: CameraConfig;
  readonly #supervisor: CameraSupervisor;
  readonly #slot = createLatestSlot<Frame>();
  readonly #watchPicture = createPictureWatch(PICTURE_LIMITS);
  readonly #listeners: ((health: CameraHealth) => void)[] = [];
  #running: Promise<void> = Promise.resolve();
  #sight: CameraSight = { stream: 'connecting', picture: 'clear' };
  #flow = createFlowMeter(0, 0);
  #recent: readonly TimedPicture[] = [];
  #captured = 0;
  #reconnects = 0;

  constructor(deps: CameraDeps, config: CameraConfig, plan: FramePlan) {
    this.id = config.id;
    this.#logger = deps.logger;
    this.#nowMs = deps.nowMs;
    this.#config = config;
    this.#supervisor = new CameraSupervisor(deps, config, [plan], this.#listen());
  }

  async start(signal: AbortSignal): Promise<void> {
    const graceMs = Math.max(2_000, 2_000 / this.#config.fps);
    this.#flow = createFlowMeter(this.#nowMs(), graceMs);
    const onAbort = (): void => this.#halt();
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) this.#halt();
    this.#running = this.#supervisor.run().finally(() => {
      signal.removeEventListener('abort', onAbort);
      this.#slot.close();
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
    return this.#recent.at(-1)?.jpeg;
  }

  recentPictures(): readonly TimedPicture[] {
    return this.#recent;
  }

  useTier(_tier: DecodeTier): void {}

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
  }

  #listen(): CameraListener {
    return {
      onFrame: (pictures, index) => this.#take(pictures, index),
      onPicture: (jpeg) => {
        this.#recent = [...this.#recent, { jpeg, capturedAtMs: this.#nowMs() }].slice(-MAX_RECENT);
      },
      onOutdated: () => this.#slot.clear(),
      onFailure: (failure, afterMs) => {
        this.#see({ stream: 'failed', failure, picture: 'clear' });
        this.#logger.debug({ ...failure, afterMs }, 'camera is opened again later');
      },
      onReconnect: () => {
        this.#reconnects += 1;
      },
      onFinish: () => this.#see({ ...this.#sight, stream: 'finished' }),
    };
  }

  #take(pictures: readonly PlannedPicture[], index: number): void {
    const [champion] = pictures;
    if (champion === undefined) return;
    const capturedAtMs = this.#nowMs();
    const { fps, file } = this.#config;
    const mediaMs = file === undefined ? {} : { mediaMs: Math.round((index * 1000) / fps) };
    this.#flow.onFrame(capturedAtMs);
    this.#captured += 1;
    this.#slot.put({
      cameraId: this.id,
      sequence: this.#captured,
      capturedAtMs,
      motion: { share01: 1 },
      look: async () => [{ pictures }],
      ...mediaMs,
    });
    this.#see({ stream: 'flowing', picture: this.#watchPicture(champion, capturedAtMs) });
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
