import type { CameraConfig } from '../config/schema.ts';
import { type Credentials, hasCredentials, withCredentials } from './camera-url.ts';
import { planTensorFilter } from './frame-plan.ts';
import type { FramePlan } from './port.ts';

/**
 * How to start ffmpeg: pipe 3 gives pictures for people (JPEG after JPEG), each pipe from 4 on the tensors (rgb24) of
 * one plan, in the order of the plans.
 */
export interface FfmpegInvocation {
  readonly args: readonly string[];
  /** What ffmpeg reads on its standard input, where that is the way to tell it a secret. */
  readonly stdin?: string;
}

export interface FfmpegSource {
  readonly camera: CameraConfig;
  readonly plans: readonly FramePlan[];
  /** For a recording: the frame to begin with. Default: the first. */
  readonly fromIndex?: number;
  readonly credentials?: Credentials;
  /** How long ffmpeg waits for a silent camera before it gives up. */
  readonly socketTimeoutMs: number;
}

export const PICTURE_PIPE = 3;
export const FIRST_TENSOR_PIPE = 4;

type Options = Readonly<Record<string, string>>;

const PICTURE_MAX_WIDTH = 640;
const PICTURE_MAX_FPS = 5;
const PROTOCOLS = 'pipe,fd,tcp,udp,rtp,srtp,rtsp,rtsps,tls,http,https,httpproxy,crypto';

export function planFfmpeg(source: FfmpegSource): FfmpegInvocation {
  const input = planInput(source);
  const args = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-filter_threads', '1'];
  return {
    ...input,
    args: [
      ...args,
      ...['-filter_complex_threads', '1', '-fflags', '+genpts+discardcorrupt', '-threads', '1'],
      ...input.args,
      ...['-filter_complex', planFilterGraph(source.camera, source.plans)],
      ...['-map', '[picture]', '-c:v', 'mjpeg', '-q:v', '6', '-threads', '1'],
      ...['-f', 'mjpeg', '-flush_packets', '1', `pipe:${PICTURE_PIPE}`],
      ...source.plans.flatMap((_, at) => planTensorOutput(at)),
    ],
  };
}

const planTensorOutput = (at: number): readonly string[] =>
  `-map [tensor${at}] -f rawvideo -flush_packets 1 pipe:${FIRST_TENSOR_PIPE + at}`.split(' ');

function planInput(source: FfmpegSource): FfmpegInvocation {
  const { url, device, file } = source.camera;
  if (url !== undefined) return planStreamInput(url, source);
  if (device !== undefined) return { args: ['-f', 'v4l2', '-i', device] };
  // `file:` keeps a name with a colon from being read as a protocol.
  return { args: ['-re', ...planSeek(source), '-i', `file:${file ?? ''}`] };
}

/** Exact to a picture of the recording: ffmpeg decodes from the keyframe before, at full speed, and throws away. */
function planSeek({ camera, fromIndex = 0 }: FfmpegSource): readonly string[] {
  return fromIndex === 0 ? [] : ['-ss', `${Math.floor((fromIndex * 1_000_000) / camera.fps)}us`];
}

function planStreamInput(url: string, source: FfmpegSource): FfmpegInvocation {
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
function planSecretInput(address: string, options: Options): FfmpegInvocation {
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

/**
 * One decode, an output per plan and one for people. `fps` comes before any scaling: it drops most pictures.
 * `round=up` and `start_time` make frame n the picture at exactly n / fps of a recording, also behind a seek.
 */
export function planFilterGraph(camera: CameraConfig, plans: readonly FramePlan[]): string {
  const clock = camera.file === undefined ? `${steadyClock(camera.fps)},` : '';
  const start = camera.file === undefined ? '' : ':start_time=0';
  const pace = camera.fps > PICTURE_MAX_FPS ? `fps=${PICTURE_MAX_FPS},` : '';
  const frames = plans.map((_, at) => `[frames${at}]`).join('');
  return [
    `[0:v:0]${clock}fps=${camera.fps}:round=up${start},split=${plans.length + 1}[shown]${frames}`,
    `[shown]${pace}scale='min(${PICTURE_MAX_WIDTH},iw)':-2:flags=area[picture]`,
    ...plans.map((plan, at) => `[frames${at}]${planTensorFilter(plan)}[tensor${at}]`),
  ].join(';');
}

/**
 * A live clock jumps (NTP at boot, RTCP synchronisation). Without a bound, `fps` fills an hour forward with an hour
 * of copies, and waits an hour after a step back.
 */
function steadyClock(fps: number): string {
  const longestGapSec = Math.max(10, 2 / fps);
  return `setpts='if(N,PREV_OUTPTS+clip(PTS-PREV_INPTS,0,${longestGapSec}/TB),0)'`;
}
