import {
  type CapturedPicture,
  createPartSplitter,
  joinParts,
  type PicturePart,
} from '../frames/captured-picture.ts';
import { planOutputs } from '../frames/frame-outputs.ts';
import { createJoiner, createJpegSplitter } from '../frames/frame-splitter.ts';
import { isRecording } from '../sources/camera-kind.ts';
import {
  type FfmpegExit,
  findUnopened,
  isTold,
  parseStreamFailure,
  type StreamFailure,
} from '../sources/stream-error.ts';
import { feedPictures } from '../stills/picture-feed.ts';
import type { TakePicture } from '../stills/take-picture.ts';
import {
  type CaptureLimits,
  findBloat,
  findSilence,
  type RunningStream,
  type StreamEnd,
} from '../supervision.ts';
import { type FfmpegSource, planFfmpeg } from './ffmpeg-arguments.ts';
import type { FfmpegLauncher, FfmpegProcess } from './ffmpeg-process.ts';

export interface StreamDeps {
  readonly launcher: FfmpegLauncher;
  readonly limits: CaptureLimits;
  readonly nowMs: () => number;
}

export interface StreamSource extends Omit<FfmpegSource, 'socketTimeoutMs'> {
  /** For a still camera: where its pictures come from. */
  readonly takePicture?: TakePicture;
}

export interface StreamListener {
  /**
   * @param index of the frame in this stream, or in the recording
   * @returns when given: nothing more is read until it resolves
   */
  onFrame(picture: CapturedPicture, index: number): Promise<void> | undefined;
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
  let stream: RunningStream = { fps: paceOf(source), startedAtMs: nowMs() };
  let frames = source.fromIndex ?? 0;
  let fault: StreamFailure | undefined;
  let untaken = 0;
  const onFrame = (picture: CapturedPicture): void => {
    if (signal.aborted) return;
    stream = followPace(stream, source, nowMs());
    child.forgive();
    const taken = listener.onFrame(picture, frames++);
    if (taken !== undefined) void hold(taken);
  };
  const hold = async (taken: Promise<void>): Promise<void> => {
    untaken += 1;
    child.pause();
    await taken;
    untaken -= 1;
    stream = { ...stream, lastFrameAtMs: nowMs() };
    if (untaken === 0) child.resume();
  };
  const outputs = planOutputs(source.camera, source.plans);
  const joined = createJoiner<PicturePart>(outputs.length, (parts) => onFrame(joinParts(outputs, parts)));
  const child = launcher.launch(planFfmpeg({ ...source, socketTimeoutMs: limits.socketTimeoutMs }), {
    onPictureBytes: createJpegSplitter(listener.onPicture),
    onFrameBytes: outputs.map((output, at) => createPartSplitter(output, (part) => joined[at]?.(part))),
  });
  const end = (): void => {
    // One that waits for a reader would not notice.
    child.resume();
    child.end();
  };
  signal.addEventListener('abort', end);
  const life = new AbortController();
  const fed = feed(deps, source, child, AbortSignal.any([signal, life.signal])).then((failure) => {
    fault ??= failure;
    if (failure !== undefined) end();
  });
  const watch = setInterval(async () => {
    if (untaken === 0) fault ??= await endWhenIll(child, stream, deps);
  }, limits.tickMs);
  const exit = await child.gone;
  life.abort();
  await fed;
  clearInterval(watch);
  signal.removeEventListener('abort', end);
  if (fault !== undefined) return { kind: 'failed', frames, failure: fault };
  return concludeStream(exit, frames, source, limits);
}

/** How often a camera sends keyframes is not known before the second one; it may send some at once in the beginning. */
const KEYFRAMES = { unknownFps: 0.1, mostFps: 0.25 };

const paceOf = ({ camera, tier }: StreamSource): number =>
  tier === 'keyframes' ? KEYFRAMES.unknownFps : camera.fps;

/** Keyframes are expected as often as the last two came. */
function followPace(stream: RunningStream, { tier }: StreamSource, nowMs: number): RunningStream {
  const { lastFrameAtMs } = stream;
  if (tier !== 'keyframes' || lastFrameAtMs === undefined) return { ...stream, lastFrameAtMs: nowMs };
  return {
    ...stream,
    lastFrameAtMs: nowMs,
    fps: Math.min(KEYFRAMES.mostFps, 1000 / (nowMs - lastFrameAtMs)),
  };
}

async function feed(
  { limits, nowMs }: StreamDeps,
  { takePicture, camera }: StreamSource,
  child: FfmpegProcess,
  signal: AbortSignal,
): Promise<StreamFailure | undefined> {
  if (takePicture === undefined) return undefined;
  const pictures = { takePicture, write: child.feed, fps: camera.fps, shotMs: limits.socketTimeoutMs, nowMs };
  return feedPictures(pictures, signal);
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

/** A recording with a damaged last picture has ended all the same. */
function concludeStream(
  exit: FfmpegExit,
  frames: number,
  { camera }: StreamSource,
  limits: CaptureLimits,
): StreamEnd {
  const unopened = findUnopened(exit.stderr);
  const isPlayed = isRecording(camera) && frames > 0 && exit.exitCode === 0 && unopened === undefined;
  const failure = isPlayed ? undefined : parseStreamFailure(exit, limits.socketTimeoutMs);
  if (failure === undefined) return { kind: 'ended', frames };
  const blame = { isOfSource: isTold(exit), ...(unopened !== undefined && { unopened }) };
  return { kind: 'failed', frames, failure, ...blame };
}
