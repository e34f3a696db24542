import { type FfmpegSource, planFfmpeg } from './ffmpeg-arguments.ts';
import type { FfmpegLauncher } from './ffmpeg-process.ts';
import { frameBytes } from './frame-plan.ts';
import { createFrameSplitter, createJpegSplitter } from './frame-splitter.ts';
import { type FfmpegExit, parseStreamFailure, type StreamFailure } from './stream-error.ts';
import { type CaptureLimits, findSilence, type StreamEnd } from './supervision.ts';

export interface StreamDeps {
  readonly launcher: FfmpegLauncher;
  readonly limits: CaptureLimits;
  readonly nowMs: () => number;
}

export interface StreamListener {
  /** @param index counts the frames of this stream from 0 */
  onFrame(rgb: Uint8Array, index: number): void;
  onPicture(jpeg: Uint8Array): void;
}

/**
 * One life of one ffmpeg, watched: it is ended when it falls silent, or when `signal` is aborted, after which no
 * frame is handed over. Resolves when the process is gone; never rejects.
 */
export async function playStream(
  deps: StreamDeps,
  source: Omit<FfmpegSource, 'socketTimeoutMs'>,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { launcher, limits, nowMs } = deps;
  const startedAtMs = nowMs();
  let frames = 0;
  let lastFrameAtMs: number | undefined;
  let silence: StreamFailure | undefined;
  const onFrame = (rgb: Uint8Array): void => {
    if (signal.aborted) return;
    lastFrameAtMs = nowMs();
    child.forgive();
    listener.onFrame(rgb, frames++);
  };
  const child = launcher.launch(planFfmpeg({ ...source, socketTimeoutMs: limits.socketTimeoutMs }), {
    onFrameBytes: createFrameSplitter(frameBytes(source.plan), onFrame),
    onPictureBytes: createJpegSplitter(listener.onPicture),
  });
  const end = (): void => child.end();
  signal.addEventListener('abort', end);
  const watch = setInterval(() => {
    const stream = {
      fps: source.camera.fps,
      startedAtMs,
      ...(lastFrameAtMs !== undefined && { lastFrameAtMs }),
    };
    silence ??= findSilence(stream, limits, nowMs());
    if (silence !== undefined) child.end();
  }, limits.tickMs);
  const exit = await child.gone;
  clearInterval(watch);
  signal.removeEventListener('abort', end);
  return concludeStream(silence ?? failureOf(exit, frames, source, limits), frames);
}

const concludeStream = (failure: StreamFailure | undefined, frames: number): StreamEnd =>
  failure === undefined ? { kind: 'ended', frames } : { kind: 'failed', frames, failure };

/** A recording with a damaged last picture has ended all the same. */
function failureOf(
  exit: FfmpegExit,
  frames: number,
  { camera }: Pick<FfmpegSource, 'camera'>,
  limits: CaptureLimits,
): StreamFailure | undefined {
  const isPlayed = camera.file !== undefined && frames > 0 && exit.exitCode === 0;
  return isPlayed ? undefined : parseStreamFailure(exit, limits.socketTimeoutMs);
}
