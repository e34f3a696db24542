import type { CameraConfig } from '../config/schema.ts';
import { type Credentials, hasCredentials, withCredentials } from './camera-url.ts';
import { planTensorFilter } from './frame-plan.ts';
import type { FramePlan } from './port.ts';

/** How to start ffmpeg: pipe 3 gives frames (rgb24), pipe 4 pictures for people (JPEG after JPEG). */
export interface FfmpegInvocation {
  readonly args: readonly string[];
  /** What ffmpeg reads on its standard input, where that is the way to tell it a secret. */
  readonly stdin?: string;
}

export interface FfmpegSource {
  readonly camera: CameraConfig;
  readonly plan: FramePlan;
  readonly credentials?: Credentials;
  /** How long ffmpeg waits for a silent camera before it gives up. */
  readonly socketTimeoutMs: number;
}

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
      ...['-filter_complex', planFilterGraph(source.camera, source.plan)],
      ...['-map', '[tensor]', '-f', 'rawvideo', '-flush_packets', '1', 'pipe:3'],
      ...['-map', '[picture]', '-c:v', 'mjpeg', '-q:v', '6', '-threads', '1'],
      ...['-f', 'mjpeg', '-flush_packets', '1', 'pipe:4'],
    ],
  };
}

function planInput(source: FfmpegSource): FfmpegInvocation {
  const { url, device, file } = source.camera;
  if (url !== undefined) return planStreamInput(url, source);
  if (device !== undefined) return { args: ['-f', 'v4l2', '-i', device] };
  // `file:` keeps a name with a colon from being read as a protocol.
  return { args: ['-re', '-i', `file:${file ?? ''}`] };
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
 * One decode, two outputs. `fps` comes before any scaling: it drops most pictures. `round=up` makes frame n the
 * picture at exactly n / fps of a recording.
 */
export function planFilterGraph(camera: CameraConfig, plan: FramePlan): string {
  const steady = camera.file === undefined ? `${steadyClock(camera.fps)},` : '';
  const pace = camera.fps > PICTURE_MAX_FPS ? `fps=${PICTURE_MAX_FPS},` : '';
  return [
    `[0:v:0]${steady}fps=${camera.fps}:round=up,split=2[frames][shown]`,
    `[frames]${planTensorFilter(plan)}[tensor]`,
    `[shown]${pace}scale='min(${PICTURE_MAX_WIDTH},iw)':-2:flags=area[picture]`,
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
