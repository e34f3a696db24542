import type { CameraConfig } from '../config/schema.ts';
import { type FfmpegInput, type FfmpegInputSource, planInput } from './ffmpeg-input.ts';
import { planTensorFilter } from './frame-plan.ts';
import type { FramePlan } from './port.ts';

/**
 * How to start ffmpeg: pipe 3 gives pictures for people (JPEG after JPEG), each pipe from 4 on the tensors (rgb24) of
 * one plan, in the order of the plans.
 */
export type FfmpegInvocation = FfmpegInput;

export interface FfmpegSource extends FfmpegInputSource {
  readonly plans: readonly FramePlan[];
}

export const PICTURE_PIPE = 3;
export const FIRST_TENSOR_PIPE = 4;

const PICTURE_MAX_WIDTH = 640;
const PICTURE_MAX_FPS = 5;

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
