import type { CameraConfig } from '../../config/schema.ts';
import { isPatient, isStill } from '../sources/camera-kind.ts';
import { type Credentials, hasCredentials, withCredentials } from '../sources/camera-url.ts';
import type { Clip } from '../sources/clip.ts';

export interface FfmpegInput {
  readonly args: readonly string[];
  /** What ffmpeg reads on its standard input: a playlist, where that is the way to tell it a secret or many files. */
  readonly stdin?: string;
  /** Pictures come on its standard input, as long as it runs. */
  readonly isFed?: boolean;
}

export interface FfmpegInputSource {
  readonly camera: CameraConfig;
  /** The part of a recording that is played. Default: the file. */
  readonly clip?: Clip;
  /** The frame of the clip to begin with. Default: the first. */
  readonly fromIndex?: number;
  readonly credentials?: Credentials;
  /** How long ffmpeg waits for a silent camera before it gives up. */
  readonly socketTimeoutMs: number;
  /** PEM of who may vouch for an HTTPS camera. Default: whom this box trusts. */
  readonly authorityFile?: string;
}

type Options = Readonly<Record<string, string>>;

const PROTOCOLS = 'pipe,fd,tcp,udp,rtp,srtp,rtsp,rtsps,tls,http,https,httpproxy,crypto';

/** The options and the input that come before the filters. */
export function planInput(source: FfmpegInputSource): FfmpegInput {
  const { url, device, file = '' } = source.camera;
  if (isStill(source.camera)) return { args: [...ONE_SIZE, ...STILLS], isFed: true };
  if (url !== undefined) return planStreamInput(url, source);
  if (device !== undefined) return { args: [...ONE_SIZE, '-f', 'v4l2', '-i', device] };
  const clip = source.clip ?? { kind: 'video', path: file };
  return clip.kind === 'video' ? planVideoInput(clip.path, source) : planPicturesInput(clip.paths, source);
}

/** The filters are not set up anew when the pictures change their size: they scale each to that of the first. */
const ONE_SIZE = ['-reinit_filter', '0'];

/** Parts of a multipart stream, each with its length; nothing is guessed, so that the first picture goes through. */
const STILLS = '-use_wallclock_as_timestamps 1 -fpsprobesize 0 -f mpjpeg -i pipe:0'.split(' ');

const planReadRate = (camera: CameraConfig): readonly string[] => (isPatient(camera) ? [] : ['-re']);

/** Exact to a picture of the recording: ffmpeg decodes from the keyframe before, at full speed, and throws away. */
function planVideoInput(path: string, { camera, fromIndex = 0 }: FfmpegInputSource): FfmpegInput {
  const seek = fromIndex === 0 ? [] : ['-ss', `${Math.floor((fromIndex * 1_000_000) / camera.fps)}us`];
  // `file:` keeps a name with a colon from being read as a protocol.
  return { args: [...ONE_SIZE, ...planReadRate(camera), ...seek, '-i', `file:${path}`] };
}

/** A playlist: the names would not fit into a command line. Each picture keeps its own size. */
function planPicturesInput(
  paths: readonly string[],
  { camera, fromIndex = 0 }: FfmpegInputSource,
): FfmpegInput {
  const entries = paths
    .slice(fromIndex)
    .flatMap((path) => [`file 'file:${path.replaceAll("'", "'\\''")}'`, `duration ${1 / camera.fps}`]);
  return {
    args: [
      ...planReadRate(camera),
      '-f',
      'concat',
      '-safe',
      '0',
      '-protocol_whitelist',
      'pipe,fd,file',
      '-i',
      'pipe:0',
    ],
    stdin: ['ffconcat version 1.0', ...entries, ''].join('\n'),
  };
}

function planStreamInput(url: string, source: FfmpegInputSource): FfmpegInput {
  const timeoutUs = String(source.socketTimeoutMs * 1000);
  const options = url.startsWith('rtsp')
    ? rtspOptions(source.camera.rtspTransport, timeoutUs)
    : { ...mjpegOptions(timeoutUs), ...(url.startsWith('https') ? tlsOptions(source.authorityFile) : {}) };
  const address = source.credentials === undefined ? url : withCredentials(url, source.credentials);
  if (hasCredentials(address)) return planSecretInput(address, options);
  const flags = Object.entries(options).flatMap(([key, value]) => [`-${key}`, value]);
  return { args: [...ONE_SIZE, ...flags, '-i', address] };
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

/** ffmpeg verifies nothing by itself; for RTSPS it cannot. */
const tlsOptions = (authorityFile: string | undefined): Options => ({
  tls_verify: '1',
  ...(authorityFile !== undefined && { ca_file: authorityFile }),
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
    args: [...ONE_SIZE, '-fpsprobesize', NO_RATE_PROBE.fpsprobesize, ...playlist],
    stdin: ['ffconcat version 1.0', `file '${quoted}'`, ...settings, ''].join('\n'),
  };
}
