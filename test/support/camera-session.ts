import Value from 'typebox/value';
import { createFfmpegCamera } from '../../agent/src/capture/ffmpeg-camera.ts';
import type { LensLimits } from '../../agent/src/capture/lens/lens-watch.ts';
import type { Camera, CameraHealth, Frame, FramePlan, FrameView } from '../../agent/src/capture/port.ts';
import type { CaptureLimits } from '../../agent/src/capture/supervision.ts';
import { CameraConfig } from '../../agent/src/config/schema.ts';
import { type Logger, silentLogger } from '../../shared/src/kernel/log.ts';
import { until } from './until.ts';

/** Long enough for a busy machine, short enough for a test. */
export const SHORT_LIMITS: Partial<CaptureLimits> = {
  firstFrameMs: 15_000,
  stallMs: 1_500,
  stallIntervals: 1,
  socketTimeoutMs: 1_000,
  killAfterMs: 300,
  reconnect: { baseMs: 100, maxMs: 200 },
  tickMs: 50,
};

export interface CameraSession {
  readonly camera: Camera;
  readonly seen: readonly CameraHealth[];
  frame(): Promise<ViewedFrame>;
  /** Resolves with the first health, past or to come, that has this condition or code. */
  sees(conditionOrCode: string): Promise<CameraHealth>;
}

export interface SessionOptions {
  /** `none` as while there is no model; default: a small one. */
  readonly plan?: FramePlan | 'none';
  /** Instead of `plan`: several. */
  readonly plans?: readonly FramePlan[];
  readonly limits?: Partial<CaptureLimits>;
  readonly lens?: LensLimits;
  readonly logger?: Logger;
  readonly ffmpegPath?: string;
}

export const SMALL: FramePlan = { width: 32, height: 18, fit: 'squash', scaleFlags: 'area' };

/** A frame with its first view. */
export type ViewedFrame = Frame & FrameView;

export async function viewFrame(frame: Frame): Promise<ViewedFrame> {
  const [view] = await frame.look();
  if (view === undefined) throw new Error(`frame ${frame.sequence} has no view`);
  return { ...frame, ...view };
}

/** The picture of the first plan. */
export const rgbOf = ({ pictures }: FrameView): Uint8Array => pictures[0]?.rgb ?? new Uint8Array();

/** With the defaults of the settings, at 10 fps. */
export function cameraConfig(source: Partial<CameraConfig>): CameraConfig {
  return Value.Default(CameraConfig, { id: 'cam-1', fps: 10, ...source }) as CameraConfig;
}

/** A started real camera; `await using` stops it. */
export async function watchCamera(
  source: Partial<CameraConfig>,
  options: SessionOptions = {},
): Promise<CameraSession & AsyncDisposable> {
  const openCamera = createFfmpegCamera({
    logger: options.logger ?? silentLogger,
    nowMs: () => performance.now(),
    random01: () => 0.5,
    limits: { ...SHORT_LIMITS, ...options.limits },
    ...(options.lens !== undefined && { lens: options.lens }),
    ...(options.ffmpegPath !== undefined && { ffmpegPath: options.ffmpegPath }),
  });
  const plan = options.plan ?? SMALL;
  const camera = openCamera(cameraConfig(source), plan === 'none' ? undefined : plan);
  if (options.plans !== undefined) await camera.usePlans(options.plans);
  const seen: CameraHealth[] = [];
  camera.onHealth((health) => seen.push(health));
  await camera.start(new AbortController().signal);
  const find = (wanted: string): CameraHealth | undefined =>
    seen.find(({ condition, code }) => condition === wanted || code === wanted);
  return {
    camera,
    seen,
    async frame() {
      const frame = await camera.nextFrame(AbortSignal.timeout(20_000));
      if (frame === undefined) throw new Error(`no frame; health ${JSON.stringify(camera.health())}`);
      return viewFrame(frame);
    },
    async sees(wanted) {
      await until(`camera is ${wanted}`, () => find(wanted) !== undefined);
      return find(wanted) as CameraHealth;
    },
    [Symbol.asyncDispose]: () => camera.stop(),
  };
}
