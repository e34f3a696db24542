import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TruthLabel } from './timeline.ts';
import { createWorld, PARK_FPS, renderFrame } from './world.ts';

/** Raised with every change that alters a drawn pixel, so that caches of older pictures are not reused. */
export const GENERATOR_VERSION = 2;

export interface ParkVideoOptions {
  readonly seed: number;
  readonly seconds: number;
  /** MP4 to write; its truth is written beside it as `<name>.truth.json`. Existing files are replaced. */
  readonly outFile: string;
  /** Called about once per second of video. */
  readonly onProgress?: (done: { readonly frames: number; readonly totalFrames: number }) => void;
  readonly signal?: AbortSignal;
}

/** Frames `fromFrame` to `toFrame`, both included, share a label. */
export interface TruthRun {
  readonly fromFrame: number;
  readonly toFrame: number;
  readonly label: TruthLabel;
}

export interface ParkVideoTruth {
  readonly seed: number;
  readonly split: 'test';
  readonly generatorVersion: number;
  readonly fps: number;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly runs: readonly TruthRun[];
}

export interface ParkVideo {
  readonly videoFile: string;
  readonly truthFile: string;
  readonly truth: ParkVideoTruth;
}

/** Names the content: equal keys mean equal videos. */
export function parkVideoKey(seed: number, seconds: number): string {
  const content = JSON.stringify({ GENERATOR_VERSION, seed, seconds, fps: PARK_FPS });
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

export function truthFileOf(videoFile: string): string {
  return `${videoFile.replace(/\.[^./]+$/, '')}.truth.json`;
}

/** Run-length form of the labels of consecutive frames. */
export function runsOf(labels: readonly TruthLabel[]): readonly TruthRun[] {
  const runs: TruthRun[] = [];
  labels.forEach((label, frame) => {
    const last = runs.at(-1);
    if (last?.label === label) runs[runs.length - 1] = { ...last, toFrame: frame };
    else runs.push({ fromFrame: frame, toFrame: frame, label });
  });
  return runs;
}

type Encoder = ChildProcessByStdio<Writable, null, Readable>;

/** Key frame every two seconds and no B-frames, as cameras send it. */
function spawnEncoder(size: { width: number; height: number }, file: string): Encoder {
  const input = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    `${size.width}x${size.height}`,
    '-r',
    `${PARK_FPS}`,
  ];
  const rate = ['-preset', 'superfast', '-crf', '25', '-maxrate', '6M', '-bufsize', '6M'];
  const groups = [
    '-bf',
    '0',
    '-g',
    `${PARK_FPS * 2}`,
    '-keyint_min',
    `${PARK_FPS * 2}`,
    '-sc_threshold',
    '0',
  ];
  const output = ['-pix_fmt', 'yuv420p', '-movflags', '+faststart', '-f', 'mp4', '-y', file];
  return spawn(
    'ffmpeg',
    ['-v', 'error', '-nostdin', ...input, '-i', 'pipe:0', '-c:v', 'libx264', ...rate, ...groups, ...output],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
}

/** Draws frame after frame as the encoder takes them, and writes down what each one shows. */
function* drawFrames(options: ParkVideoOptions, labels: TruthLabel[]): Generator<Uint8Array> {
  const world = createWorld(options.seed);
  const totalFrames = Math.round(options.seconds * PARK_FPS);
  for (let frame = 0; frame < totalFrames; frame++) {
    const { rgb, truth } = renderFrame(world, frame / PARK_FPS);
    labels.push(truth.label);
    yield rgb;
    if ((frame + 1) % PARK_FPS === 0) options.onProgress?.({ frames: frame + 1, totalFrames });
  }
}

async function encode(options: ParkVideoOptions, partFile: string): Promise<readonly TruthLabel[]> {
  const encoder = spawnEncoder({ width: 1280, height: 720 }, partFile);
  const ended = once(encoder, 'close');
  let messages = '';
  encoder.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages = (messages + text).slice(-2000);
  });
  const labels: TruthLabel[] = [];
  try {
    await pipeline(Readable.from(drawFrames(options, labels), { highWaterMark: 2 }), encoder.stdin, {
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (cause) {
    encoder.kill('SIGKILL');
    await ended;
    options.signal?.throwIfAborted();
    throw new Error(`cannot encode ${options.outFile}: ${messages.trim()}`, { cause });
  }
  const [code] = await ended;
  if (code !== 0)
    throw new Error(`cannot encode ${options.outFile}, ffmpeg ended with ${code}: ${messages.trim()}`);
  return labels;
}

/** Renders an unseen park to H.264 and writes the truth of every frame beside it. Leaves no part files behind. */
export async function makeParkVideo(options: ParkVideoOptions): Promise<ParkVideo> {
  await mkdir(dirname(options.outFile), { recursive: true });
  const partFile = `${options.outFile}.part`;
  try {
    const labels = await encode(options, partFile);
    const truth: ParkVideoTruth = {
      seed: options.seed,
      split: 'test',
      generatorVersion: GENERATOR_VERSION,
      fps: PARK_FPS,
      frames: labels.length,
      width: 1280,
      height: 720,
      runs: runsOf(labels),
    };
    const truthFile = truthFileOf(options.outFile);
    await writeFile(truthFile, `${JSON.stringify(truth, null, 1)}\n`);
    await rename(partFile, options.outFile);
    return { videoFile: options.outFile, truthFile, truth };
  } finally {
    await rm(partFile, { force: true });
  }
}
