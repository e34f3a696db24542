import type { CameraConfig } from '../config/schema.ts';
import { type Credentials, hasCredentials, withCredentials } from './camera-url.ts';

export interface FfmpegInput {
  readonly args: readonly string[];
  /** What ffmpeg reads on its standard input, where that is the way to tell it a secret. */
  readonly stdin?: string;
}

export interface FfmpegInputSource {
  readonly camera: CameraConfig;
  /** For a recording: the frame to begin with. Default: the first. */
  readonly fromIndex?: number;
  readonly credentials?: Credentials;
  /** How long ffmpeg waits for a silent camera before it gives up. */
  readonly socketTimeoutMs: number;
}

type Options = Readonly<Record<string, string>>;

const PROTOCOLS = 'pipe,fd,tcp,udp,rtp,srtp,rtsp,rtsps,tls,http,https,httpproxy,crypto';

/** The options and the input that come before the filters. */
export function planInput(source: FfmpegInputSource): FfmpegInput {
  const { url, device, file } = source.camera;
  if (url !== undefined) return planStreamInput(url, source);
  if (device !== undefined) return { args: ['-f', 'v4l2', '-i', device] };
  // `file:` keeps a name with a colon from being read as a protocol.
  return { args: ['-re', ...planSeek(source), '-i', `file:${file ?? ''}`] };
}

/** Exact to a picture of the recording: ffmpeg decodes from the keyframe before, at full speed, and throws away. */
function planSeek({ camera, fromIndex = 0 }: FfmpegInputSource): readonly string[] {
  return fromIndex === 0 ? [] : ['-ss', `${Math.floor((fromIndex * 1_000_000) / camera.fps)}us`];
}

function planStreamInput(url: string, source: FfmpegInputSource): FfmpegInput {
  const timeoutUs = String(source.socketTimeoutMs * 1000);
  const options = url.startsWith('rtsp')
    ? rtspOptions(source.camera.rtspTransport, timeoutUs)
    : mjpegOptions(timeoutUs);
  const address = source.credentials === undefined ? url : withCredentials(url, source.credentials);
  if (hasCredentials(address)) return planSecretInput(address, options);
  return { args: [...Object.entries(options).flatMap(([key, value]) => [`-${key}`, value]), '-i', address] };
}

/** The frame rate need not be guessed: that alone would hold back the first frame for seconds. */
const NO_RATE_PROBE = { fpsprobesize: '1' };

const rtspOptions = (transport: string, timeoutUs: string): Options => ({
  rtsp_transport: transport,
  timeout: timeoutUs,
  allowed_media_types: 'video',
  ...NO_RATE_PROBE,
});

/** MJPEG over HTTP carries no time stamps: ffmpeg would assume 25 fps. */
const mjpegOptions = (timeoutUs: string): Options => ({
  rw_timeout: timeoutUs,
  use_wallclock_as_timestamps: '1',
});

/**
 * Everybody on the machine can read a command line, so an address with a password goes in as a one-line playlist
 * on standard input instead.
 */
function planSecretInput(address: string, options: Options): FfmpegInput {
  const quoted = address.replace(
    /[\s'\\]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  const settings = Object.entries(options).map(([key, value]) => `option ${key} ${value}`);
  const playlist = ['-f', 'concat', '-safe', '0', '-protocol_whitelist', PROTOCOLS, '-i', 'pipe:0'];
  return {
    args: ['-fpsprobesize', NO_RATE_PROBE.fpsprobesize, ...playlist],
    stdin: ['ffconcat version 1.0', `file '${quoted}'`, ...settings, ''].join('\n'),
  };
}
