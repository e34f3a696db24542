import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { AgentErrorCode } from '../kernel/errors.ts';
import type { LensVerdict } from './lens/lens-watch.ts';
import type { CameraHealth } from './port.ts';
import type { StreamFailure } from './sources/stream-error.ts';

/** Every limit of supervision; tests shorten them. */
export interface CaptureLimits {
  /** From the start of ffmpeg to its first frame. */
  readonly firstFrameMs: number;
  /** A stream is stalled after the longer of this and `stallIntervals` frames. */
  readonly stallMs: number;
  readonly stallIntervals: number;
  /** How long ffmpeg waits for a silent socket. */
  readonly socketTimeoutMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly killAfterMs: number;
  readonly reconnect: BackoffPolicy;
  /** An ffmpeg that holds more is ended: a leak of its must not take the box. */
  readonly maxRssBytes: number;
  /** Cameras lock out who keeps knocking with a wrong password. */
  readonly authRetryMs: number;
  /** How often a running stream is looked at. */
  readonly tickMs: number;
}

export const CAPTURE_LIMITS: CaptureLimits = {
  firstFrameMs: 20_000,
  stallMs: 10_000,
  stallIntervals: 5,
  socketTimeoutMs: 10_000,
  killAfterMs: 3_000,
  reconnect: { baseMs: 1_000, maxMs: 60_000 },
  maxRssBytes: 512 * 1024 * 1024,
  authRetryMs: 300_000,
  tickMs: 1_000,
};

export interface RunningStream {
  readonly fps: number;
  readonly startedAtMs: number;
  readonly lastFrameAtMs?: number;
}

/** Alive but silent is the main way cameras fail; undefined while all is well. */
export function findSilence(
  stream: RunningStream,
  limits: CaptureLimits,
  nowMs: number,
): StreamFailure | undefined {
  if (stream.lastFrameAtMs === undefined) {
    if (nowMs - stream.startedAtMs < limits.firstFrameMs) return undefined;
    return { code: 'CAMERA_TIMEOUT', detail: `no frame within ${limits.firstFrameMs} ms` };
  }
  const limitMs = Math.max(limits.stallMs, (limits.stallIntervals * 1000) / stream.fps);
  if (nowMs - stream.lastFrameAtMs < limitMs) return undefined;
  return { code: 'CAMERA_STALLED', detail: `no frame for ${limitMs} ms` };
}

/** @param rssBytes undefined where it is not known */
export function findBloat(rssBytes: number | undefined, limits: CaptureLimits): StreamFailure | undefined {
  if (rssBytes === undefined || rssBytes <= limits.maxRssBytes) return undefined;
  const [used, allowed] = [rssBytes, limits.maxRssBytes].map((bytes) => Math.round(bytes / 1024 ** 2));
  return { code: 'CAMERA_MEMORY', detail: `ffmpeg holds ${used} MiB of memory, ${allowed} MiB are allowed` };
}

/**
 * How a stream went: `ended` is ffmpeg leaving by itself without complaint. `frames` are those of the recording up to
 * there, also where the stream began in its middle.
 */
export type StreamEnd =
  | { readonly kind: 'ended'; readonly frames: number }
  | {
      readonly kind: 'failed';
      readonly frames: number;
      readonly failure: StreamFailure;
      /** What was played is to blame: ffmpeg said so, and was neither lost nor ended. */
      readonly isOfSource?: boolean;
      /** The picture of the clip that could not be opened. */
      readonly unopened?: string;
    };

export type SourceKind = 'live' | 'recording' | 'loop';

export type NextStep =
  /** The recording is over. */
  | { readonly kind: 'finish' }
  | { readonly kind: 'replay' }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly failure: StreamFailure };

export interface Situation {
  readonly source: SourceKind;
  readonly end: StreamEnd;
  /** Failures in a row without a single frame. */
  readonly attempt: number;
  /** A draw from [0, 1). */
  readonly random01: number;
}

export function planNext({ source, end, attempt, random01 }: Situation, limits: CaptureLimits): NextStep {
  if (end.kind === 'ended' && end.frames > 0 && source !== 'live') {
    return { kind: source === 'loop' ? 'replay' : 'finish' };
  }
  const failure = end.kind === 'failed' ? end.failure : silentEnd(source);
  const afterMs =
    failure.code === 'CAMERA_AUTH'
      ? limits.authRetryMs
      : computeBackoffMs(limits.reconnect, attempt, random01);
  return { kind: 'retry', afterMs, failure };
}

function silentEnd(source: SourceKind): StreamFailure {
  return source === 'live'
    ? { code: 'CAMERA_UNREACHABLE', detail: 'the camera closed the stream' }
    : { code: 'CAMERA_FORMAT', detail: 'the file holds no picture' };
}

/** What is known of a camera; `flowing` from the first frame of a stream to its end. */
export interface CameraSight {
  readonly stream: 'connecting' | 'flowing' | 'failed' | 'finished';
  readonly failure?: StreamFailure;
  readonly picture: LensVerdict;
}

const MOVED = { code: 'CAMERA_MOVED', detail: 'it looks elsewhere than before' } as const;

export function computeHealth(sight: CameraSight): Omit<CameraHealth, 'quality01'> {
  if (sight.stream === 'finished') return { condition: 'disabled', code: 'CAMERA_ENDED' };
  if (sight.stream === 'flowing') {
    if (sight.picture === 'moved') return { condition: 'online', ...MOVED };
    return { condition: sight.picture === 'clear' ? 'online' : sight.picture };
  }
  return { condition: conditionOf(sight.failure?.code), ...sight.failure };
}

const conditionOf = (code: AgentErrorCode | undefined): 'stalled' | 'offline' =>
  code === 'CAMERA_STALLED' ? 'stalled' : 'offline';
