import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { CameraConfig } from '../config/schema.ts';
import { agentError } from '../kernel/errors.ts';
import { isTextFile } from '../kernel/text-file.ts';
import { hostOf } from './camera-url.ts';
import { readCredentials } from './credentials-file.ts';
import { playStream, type StreamDeps, type StreamListener } from './ffmpeg-stream.ts';
import type { HostGate } from './host-gate.ts';
import type { FramePlan } from './port.ts';
import type { StreamFailure } from './stream-error.ts';
import type { StreamEnd } from './supervision.ts';

export interface CameraStreamDeps extends StreamDeps {
  readonly gate: HostGate;
}

export interface CameraStreamSource {
  readonly camera: CameraConfig;
  readonly plans: readonly FramePlan[];
  /** The frame of a recording to begin with. */
  readonly fromIndex: number;
}

/** One opening of a camera: from its turn at the host to the end of its ffmpeg. */
export interface CameraStream {
  readonly plans: readonly FramePlan[];
  /** Resolves with the first frame, or with the end. */
  readonly begun: Promise<unknown>;
  /** Resolves when its ffmpeg is gone. */
  readonly end: Promise<StreamEnd>;
  hasFrames(): boolean;
  /** Of the frame that comes next. */
  nextIndex(): number;
  /** Where to go on when it has ended: one that was not closed has come to the end, or to grief. */
  resumeIndex(): number;
  /** Ends it; no frame is handed over any more. */
  close(): void;
  isClosed(): boolean;
}

export function openStream(
  deps: CameraStreamDeps,
  source: CameraStreamSource,
  listener: StreamListener,
): CameraStream {
  const life = new AbortController();
  const first = Promise.withResolvers<void>();
  let next = source.fromIndex;
  const onFrame = (tensors: readonly Uint8Array[], index: number): void => {
    next = index + 1;
    listener.onFrame(tensors, index);
    first.resolve();
  };
  const end = play(deps, source, { ...listener, onFrame }, life.signal);
  return {
    plans: source.plans,
    begun: Promise.race([first.promise, end]),
    end,
    hasFrames: () => next > source.fromIndex,
    nextIndex: () => next,
    resumeIndex: () => (life.signal.aborted ? next : 0),
    close: () => life.abort(),
    isClosed: () => life.signal.aborted,
  };
}

async function play(
  deps: CameraStreamDeps,
  source: CameraStreamSource,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { url, file, credentialsFile } = source.camera;
  const leave = url === undefined ? () => undefined : await deps.gate.enter(hostOf(url), signal);
  const onFrame = (tensors: readonly Uint8Array[], index: number): void => {
    leave();
    listener.onFrame(tensors, index);
  };
  try {
    if (file !== undefined) await refuseText(file);
    const credentials = credentialsFile === undefined ? undefined : await readCredentials(credentialsFile);
    if (signal.aborted) return { kind: 'ended', frames: source.fromIndex };
    const what = { ...source, ...(credentials !== undefined && { credentials }) };
    return await playStream(deps, what, { ...listener, onFrame }, signal);
  } catch (error) {
    return { kind: 'failed', frames: 0, failure: refusalOf(error) };
  } finally {
    leave();
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
