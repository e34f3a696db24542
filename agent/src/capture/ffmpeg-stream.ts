import { type FfmpegSource, planFfmpeg } from './ffmpeg-arguments.ts';
import type { FfmpegLauncher, FfmpegProcess } from './ffmpeg-process.ts';
import { frameBytes } from './frame-plan.ts';
import { createFrameSplitter, createJoiner, createJpegSplitter } from './frame-splitter.ts';
import { type FfmpegExit, parseStreamFailure, type StreamFailure } from './stream-error.ts';
import {
  type CaptureLimits,
  findBloat,
  findSilence,
  type RunningStream,
  type StreamEnd,
} from './supervision.ts';

export interface StreamDeps {
  readonly launcher: FfmpegLauncher;
  readonly limits: CaptureLimits;
  readonly nowMs: () => number;
}

export type StreamSource = Omit<FfmpegSource, 'socketTimeoutMs'>;

export interface StreamListener {
  /**
   * @param tensors of one decoded picture, in the order of the plans
   * @param index of the frame in this stream, or in the recording
   */
  onFrame(tensors: readonly Uint8Array[], index: number): void;
  onPicture(jpeg: Uint8Array): void;
}

/**
 * One life of one ffmpeg, watched: it is ended when it falls silent or grows too large, or when `signal` is aborted,
 * after which no frame is handed over. Resolves when the process is gone; never rejects.
 */
export async function playStream(
  deps: StreamDeps,
  source: StreamSource,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { launcher, limits, nowMs } = deps;
  let stream: RunningStream = { fps: source.camera.fps, startedAtMs: nowMs() };
  let frames = source.fromIndex ?? 0;
  let fault: StreamFailure | undefined;
  const onFrame = (tensors: readonly Uint8Array[]): void => {
    if (signal.aborted) return;
    stream = { ...stream, lastFrameAtMs: nowMs() };
    child.forgive();
    listener.onFrame(tensors, frames++);
  };
  const outputs = createJoiner(source.plans.length, onFrame);
  const child = launcher.launch(planFfmpeg({ ...source, socketTimeoutMs: limits.socketTimeoutMs }), {
    onPictureBytes: createJpegSplitter(listener.onPicture),
    onTensorBytes: source.plans.map((plan, at) =>
      createFrameSplitter(frameBytes(plan), (tensor) => outputs[at]?.(tensor)),
    ),
  });
  const end = (): void => child.end();
  signal.addEventListener('abort', end);
  const watch = setInterval(async () => {
    fault ??= await endWhenIll(child, stream, deps);
  }, limits.tickMs);
  const exit = await child.gone;
  clearInterval(watch);
  signal.removeEventListener('abort', end);
  return concludeStream(fault ?? failureOf(exit, frames, source, limits), frames);
}

/** A silent one may be a stopped one, which only SIGKILL reaches, and time without frames counts. */
async function endWhenIll(
  child: FfmpegProcess,
  stream: RunningStream,
  { limits, nowMs }: StreamDeps,
): Promise<StreamFailure | undefined> {
  const silence = findSilence(stream, limits, nowMs());
  if (silence !== undefined) {
    child.kill();
    return silence;
  }
  const bloat = findBloat(await child.rssBytes(), limits);
  if (bloat !== undefined) child.end();
  return bloat;
}

const concludeStream = (failure: StreamFailure | undefined, frames: number): StreamEnd =>
  failure === undefined ? { kind: 'ended', frames } : { kind: 'failed', frames, failure };

/** A recording with a damaged last picture has ended all the same. */
function failureOf(
  exit: FfmpegExit,
  frames: number,
  { camera }: StreamSource,
  limits: CaptureLimits,
): StreamFailure | undefined {
  const isPlayed = camera.file !== undefined && frames > 0 && exit.exitCode === 0;
  return isPlayed ? undefined : parseStreamFailure(exit, limits.socketTimeoutMs);
}
