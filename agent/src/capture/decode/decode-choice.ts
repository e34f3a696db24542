import type { DecodeMethod } from '../ffmpeg/decode-method.ts';
import type { StreamFailure } from '../sources/stream-error.ts';

/** The video of a camera, as ffmpeg names it. */
export interface VideoFormat {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
}

/** What ffmpeg says of its input at loglevel `info`; undefined where it could not open it. */
export function parseVideoFormat(stderr: string): VideoFormat | undefined {
  const line = stderr.split(/\r?\n/).find((text) => /Stream #0:\d.*: Video: /.test(text)) ?? '';
  const [, codec] = /: Video: (\w+)/.exec(line) ?? [];
  const [, width, height] = /, (\d{2,5})x(\d{2,5})[ ,]/.exec(`${line},`) ?? [];
  if (codec === undefined || width === undefined || height === undefined) return undefined;
  return { codec, width: Number(width), height: Number(height) };
}

/** One way to decode a camera, tried. */
export interface DecodeTrial {
  readonly method: DecodeMethod;
  /** CPU seconds for a second of video; undefined: it did not work, and `why` says so. */
  readonly cpu01?: number;
  readonly why?: string;
}

/** Software is kept unless hardware takes less than this share of its CPU: small streams are cheap either way. */
const WORTHWHILE = 0.9;

/** What takes the least CPU; without a measurement of software there is nothing to compare with. */
export function chooseMethod(trials: readonly DecodeTrial[]): DecodeMethod {
  const software = trials.find(({ method }) => method === 'software')?.cpu01;
  if (software === undefined) return 'software';
  const [best] = trials
    .flatMap(({ method, cpu01 }) => (cpu01 === undefined || method === 'software' ? [] : [{ method, cpu01 }]))
    .filter(({ cpu01 }) => cpu01 < software * WORTHWHILE)
    .toSorted((one, other) => one.cpu01 - other.cpu01);
  return best?.method ?? 'software';
}

/**
 * What a stream that failed says of its hardware decoder: `doubt` is to be settled by software, which fails as well
 * where the camera is to blame.
 */
export function judgeDecoder({ code }: StreamFailure, frames: number): 'sound' | 'doubt' | 'broken' {
  if (frames > 0) return BROKEN.includes(code) ? 'broken' : 'sound';
  return SILENT_CAMERA.includes(code) ? 'sound' : 'doubt';
}

type Codes = readonly StreamFailure['code'][];
const BROKEN: Codes = ['CAPTURE_FAILED', 'CAMERA_FORMAT', 'CAMERA_MEMORY'];
/** Nothing came that could have been decoded. */
const SILENT_CAMERA: Codes = ['CAMERA_UNREACHABLE', 'CAMERA_AUTH', 'CAMERA_TLS'];
