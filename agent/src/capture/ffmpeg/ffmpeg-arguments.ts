import type { CameraConfig } from '../../config/schema.ts';
import { planMask, planOutputFilter, planOutputs } from '../frames/frame-outputs.ts';
import type { DecodeTier, FramePlan } from '../port.ts';
import { isRecording, isStill } from '../sources/camera-kind.ts';
import { type Decoder, planDecoder, SOFTWARE } from './decode-method.ts';
import { type FfmpegInput, type FfmpegInputSource, planInput } from './ffmpeg-input.ts';

/**
 * How to start ffmpeg: pipe 3 gives pictures for people (JPEG after JPEG), each pipe from 4 on one of the outputs of
 * `planOutputs`, in their order.
 */
export type FfmpegInvocation = FfmpegInput;

export interface FfmpegSource extends FfmpegInputSource {
  readonly plans: readonly FramePlan[];
  /** Default: every picture. */
  readonly tier?: DecodeTier;
  /** Default: software. */
  readonly decoder?: Decoder;
}

export const PICTURE_PIPE = 3;
export const FIRST_FRAME_PIPE = 4;

const PICTURE_MAX_WIDTH = 640;
/** Enough to see what happened; encoding them is a tenth of what a small stream costs. */
const PICTURE_MAX_FPS = 2;

export function planFfmpeg(source: FfmpegSource): FfmpegInvocation {
  const input = planInput(source);
  const planned = { tier: 'every', decoder: SOFTWARE, ...source } as const;
  const { camera, plans, tier, decoder } = planned;
  return {
    ...input,
    args: [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-filter_threads', '1'],
      ...['-filter_complex_threads', '1', '-fflags', '+genpts+discardcorrupt', '-threads', '1'],
      ...(tier === 'keyframes' ? KEYFRAMES_ONLY : []),
      ...planDecoder(decoder, tier).input,
      ...input.args,
      ...['-filter_complex', planFilterGraph(planned)],
      ...['-map', '[picture]', ...OUTPUT_CLOCK, '-c:v', 'mjpeg', '-q:v', '6', '-threads', '1'],
      ...['-f', 'mjpeg', '-flush_packets', '1', `pipe:${PICTURE_PIPE}`],
      ...planOutputs(camera, plans).flatMap(({ kind }, at) => planFrameOutput(kind, at)),
    ],
  };
}

/** A decoder that reorders would hold each keyframe back until the next one. */
const KEYFRAMES_ONLY = ['-skip_frame', 'nokey', '-flags', 'low_delay'];

/** The filters set the pace: nothing is to be doubled or dropped behind them. */
const OUTPUT_CLOCK = ['-vsync', 'passthrough'];

function planFrameOutput(kind: string, at: number): readonly string[] {
  const format = kind === 'scene' ? ['-c:v', 'ppm', '-f', 'image2pipe'] : ['-f', 'rawvideo'];
  const pipe = `pipe:${FIRST_FRAME_PIPE + at}`;
  // Encoders of raw pictures have threads too, and each holds one picture back.
  return ['-map', `[frames${at}]`, ...OUTPUT_CLOCK, ...format, '-threads', '1', '-flush_packets', '1', pipe];
}

type PlannedSource = FfmpegSource & Required<Pick<FfmpegSource, 'tier' | 'decoder'>>;

/**
 * One decode, an output for people and those for the agent. Most pictures are dropped before any scaling, and masks are
 * painted before the paths part: no output can show what lies under them.
 */
function planFilterGraph(source: PlannedSource): string {
  const { camera, plans, tier } = source;
  const outputs = planOutputs(camera, plans);
  const common = [...planHead(source), ...camera.masks.map(planMask), `split=${outputs.length + 1}`];
  const parts = outputs.map((_, at) => `[part${at}]`).join('');
  const shownPace = camera.fps > PICTURE_MAX_FPS ? `${planPicturePace(tier)},` : '';
  return [
    `[0:v:0]${common.join(',')}[shown]${parts}`,
    `[shown]${shownPace}scale='min(${PICTURE_MAX_WIDTH},iw)':-2:flags=area[picture]`,
    ...outputs.map((output, at) => `[part${at}]${planOutputFilter(output)}[frames${at}]`),
  ].join(';');
}

/** Pictures on another device are fetched when most are dropped, and before the first filter that reads them. */
function planHead({ camera, clip, tier, decoder }: PlannedSource): readonly string[] {
  const { download } = planDecoder(decoder, tier);
  // Each of its pictures is a frame; a filter that looks ahead would hold it back until the next one.
  if (clip?.kind === 'pictures') return download;
  const pace = planPace(camera, tier);
  return download.length === 0 ? [FIRST_SIZE, ...pace] : [...pace, ...download, FIRST_SIZE];
}

/**
 * `round=up` and `start_time` make frame n the picture at exactly n / fps of a recording, also behind a seek. Keyframes
 * come when they come: none is doubled to keep a pace, and where all pictures are keyframes most are dropped.
 */
function planPace(camera: CameraConfig, tier: DecodeTier): readonly string[] {
  const { fps } = camera;
  if (isStill(camera)) return [];
  if (isRecording(camera)) return [`fps=${fps}:round=up:start_time=0`];
  return [steadyClock(fps), tier === 'keyframes' ? atMost(fps) : `fps=${fps}:round=up`];
}

/**
 * A stream that changes its size goes on in that of its first picture, by which masks and regions are placed: filters
 * that begin anew would lose their clock.
 */
const FIRST_SIZE = 'scale=iw:ih';

const planPicturePace = (tier: DecodeTier): string =>
  tier === 'keyframes' ? atMost(PICTURE_MAX_FPS) : FIRST_OF_EACH;

/** Of each half second, at once: `fps` would hold every picture back until the next one is due. */
const FIRST_OF_EACH =
  `select='isnan(prev_selected_t)+` +
  `gt(floor(${PICTURE_MAX_FPS}*t+0.001),floor(${PICTURE_MAX_FPS}*prev_selected_t+0.001))'`;

/** A little early counts: pictures jitter. */
const atMost = (fps: number): string =>
  `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${(0.9 / fps).toFixed(4)})'`;

/**
 * A live clock jumps (NTP at boot, RTCP synchronisation). Without a bound, `fps` fills an hour forward with an hour
 * of copies, and waits an hour after a step back.
 */
function steadyClock(fps: number): string {
  const longestGapSec = Math.max(10, 2 / fps);
  return `setpts='if(N,PREV_OUTPTS+clip(PTS-PREV_INPTS,0,${longestGapSec}/TB),0)'`;
}
