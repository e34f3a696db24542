import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { CameraConfig } from '../config/schema.ts';
import { agentError } from '../kernel/errors.ts';
import { isTextFile } from '../kernel/text-file.ts';
import { authorityFile } from '../kernel/trusted-authorities.ts';
import { type DecodedStreamDeps, playDecoded } from './decode/decode-stream.ts';
import type { StreamListener, StreamSource } from './ffmpeg/ffmpeg-stream.ts';
import type { HostGate } from './host-gate.ts';
import type { DecodeTier, FramePlan } from './port.ts';
import { hostOf } from './sources/camera-url.ts';
import { readCredentials } from './sources/credentials-file.ts';
import type { PlacedClip, Playlist } from './sources/playlist.ts';
import { type StreamFailure, toStreamFailure } from './sources/stream-error.ts';
import { lookAtCertificate } from './sources/tls-look.ts';
import type { OpenStills } from './stills/take-picture.ts';
import type { StreamEnd } from './supervision.ts';

export interface CameraStreamDeps extends DecodedStreamDeps {
  readonly gate: HostGate;
  readonly openStills: OpenStills;
  readonly logger: Logger;
}

export interface CameraStreamSource {
  readonly camera: CameraConfig;
  readonly plans: readonly FramePlan[];
  readonly tier: DecodeTier;
  /** What a recording consists of. */
  readonly playlist?: Playlist;
  /** The frame of the recording to begin with. */
  readonly fromIndex: number;
}

/** One opening of a camera: from its turn at the host to the end of its ffmpeg. */
export interface CameraStream {
  readonly plans: readonly FramePlan[];
  readonly tier: DecodeTier;
  /** Resolves with the first frame, or with the end. */
  readonly begun: Promise<unknown>;
  /** Resolves when its ffmpeg is gone. */
  readonly end: Promise<StreamEnd>;
  hasFrames(): boolean;
  /** Of the frame that comes next. */
  nextIndex(): number;
  /**
   * Where to go on when it has ended so: where it was closed, or came to grief. A loop begins again where nothing comes
   * any more.
   */
  resumeIndex(end: StreamEnd): number;
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
  const onFrame: StreamListener['onFrame'] = (picture, index) => {
    next = index + 1;
    first.resolve();
    return listener.onFrame(picture, index);
  };
  const hasFrames = (): boolean => next > source.fromIndex;
  const isBroken = ({ kind }: StreamEnd): boolean =>
    kind === 'failed' && (hasFrames() || source.camera.loop !== true);
  const end = play(deps, source, { ...listener, onFrame }, life.signal);
  return {
    plans: source.plans,
    tier: source.tier,
    begun: Promise.race([first.promise, end]),
    end,
    hasFrames,
    nextIndex: () => next,
    resumeIndex: (how) => (life.signal.aborted || isBroken(how) ? next : 0),
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
  const { url, stillUrl, credentialsFile } = source.camera;
  const address = url ?? stillUrl;
  const leave = address === undefined ? () => undefined : await deps.gate.enter(hostOf(address), signal);
  const onFrame: StreamListener['onFrame'] = (picture, index) => {
    leave();
    return listener.onFrame(picture, index);
  };
  try {
    if (url !== undefined) await lookAtCertificate(url, deps.limits.socketTimeoutMs, signal);
    const credentials = credentialsFile === undefined ? undefined : await readCredentials(credentialsFile);
    if (signal.aborted) return { kind: 'ended', frames: source.fromIndex };
    const takePicture = deps.openStills(source.camera, credentials);
    const authority = authorityFile();
    const what = {
      ...source,
      ...(credentials && { credentials }),
      ...(takePicture && { takePicture }),
      ...(authority !== undefined && { authorityFile: authority }),
    };
    if (source.fromIndex === 0) await source.playlist?.rewind();
    return await playClips(deps, what, { ...listener, onFrame }, signal);
  } catch (error) {
    return { kind: 'failed', frames: 0, failure: toStreamFailure(error) };
  } finally {
    leave();
  }
}

/** The clips of a recording, one after the other; anything else is one stream. */
async function playClips(
  deps: CameraStreamDeps,
  source: CameraStreamSource & StreamSource,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { playlist, fromIndex, camera } = source;
  if (playlist === undefined) return playDecoded(deps, source, listener, signal);
  let index = fromIndex;
  let lost: StreamFailure | undefined;
  while (!signal.aborted) {
    const placed = playlist.find(index);
    if (placed === undefined) break;
    const end = await playClip(deps, { ...source, fromIndex: index }, { placed, listener }, signal);
    if (end.kind === 'failed') {
      // A folder is not given up for one file that is broken or was taken away.
      if (camera.file !== undefined || end.isOfSource !== true) return end;
      lost = end.failure;
      const path = end.unopened ?? firstPath(placed);
      deps.logger.warn({ ...lost, path }, 'a part of the folder is left out');
    }
    if (!signal.aborted) playlist.finish(placed, end);
    index = end.frames;
  }
  return index === 0 && lost !== undefined
    ? { kind: 'failed', frames: 0, failure: lost }
    : { kind: 'ended', frames: index };
}

const firstPath = ({ clip }: PlacedClip): string | undefined =>
  clip.kind === 'video' ? clip.path : clip.paths[0];

/** Frames are counted from the start of the recording, by ffmpeg from the start of the clip. */
async function playClip(
  deps: CameraStreamDeps,
  source: CameraStreamSource & StreamSource,
  { placed, listener }: { readonly placed: PlacedClip; readonly listener: StreamListener },
  signal: AbortSignal,
): Promise<StreamEnd> {
  const { clip, startsAt } = placed;
  const onFrame: StreamListener['onFrame'] = (picture, index) => listener.onFrame(picture, startsAt + index);
  try {
    if (clip.kind === 'video') await refuseText(clip.path);
    const what = { ...source, clip, fromIndex: source.fromIndex - startsAt };
    const end = await playDecoded(deps, what, { ...listener, onFrame }, signal);
    return { ...end, frames: startsAt + end.frames };
  } catch (error) {
    return { kind: 'failed', frames: source.fromIndex, failure: toStreamFailure(error), isOfSource: true };
  }
}

/** @throws AppError CAMERA_FORMAT; what cannot be read is left to ffmpeg to name */
async function refuseText(file: string): Promise<void> {
  if (await isTextFile(file).catch(() => false)) {
    throw agentError('CAMERA_FORMAT', `${file} holds text, not video`);
  }
}
