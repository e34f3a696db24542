import { setTimeout as delay } from 'node:timers/promises';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { CameraRun } from '../bench/port.ts';
import { createFfmpegCamera } from '../capture/ffmpeg-camera.ts';
import type { Camera, FramePlan } from '../capture/port.ts';
import type { Classifier } from '../inference/port.ts';
import { benchCamera } from './bench-recording.ts';

export interface CameraLoad {
  readonly file: string;
  readonly fps: number;
  readonly plan: FramePlan;
  /** In a process of its own, as on a box. */
  readonly classifier: Classifier;
}

const START_LIMIT_MS = 20_000;
const SETTLE_MS = 2_000;
const WATCHED_MS = 8_000;
/** Of each camera, at the edges of what is watched. */
const EDGE_FRAMES = 1;

interface Counted {
  readonly camera: Camera;
  classified: number;
}

/** Runs so many cameras at once, each frame of each classified, and counts what is lost. */
export async function runCameras(cameras: number, load: CameraLoad, signal: AbortSignal): Promise<CameraRun> {
  const { file, fps, plan, classifier } = load;
  const openCamera = createFfmpegCamera({
    logger: silentLogger,
    nowMs: () => performance.now(),
    random01: () => Math.random(),
  });
  const counted: readonly Counted[] = Array.from({ length: cameras }, (_, at) => ({
    camera: openCamera(benchCamera({ id: `camera-${at + 1}`, file, fps, loop: true }), plan),
    classified: 0,
  }));
  const stopping = new AbortController();
  const ended = AbortSignal.any([signal, stopping.signal]);
  const classify = takeTurns(classifier);
  try {
    await Promise.all(counted.map(({ camera }) => camera.start(ended)));
    const watching = Promise.all(counted.map((it) => watch(it, classify, ended)));
    const counting = countLosses(counted, fps, ended);
    // A model that fails ends the run at once.
    const run = await Promise.race([counting, watching.then(() => counting)]);
    stopping.abort();
    await watching;
    return run;
  } finally {
    stopping.abort();
    await Promise.all(counted.map(({ camera }) => camera.stop()));
  }
}

type Classify = (rgb: Uint8Array) => Promise<unknown>;

/** One at a time, in the order they come. */
function takeTurns(classifier: Classifier): Classify {
  const inTurn = createTurns();
  return (rgb) => inTurn(() => classifier.classify(rgb));
}

async function watch(counted: Counted, classify: Classify, signal: AbortSignal): Promise<void> {
  for (;;) {
    const frame = await counted.camera.nextFrame(signal);
    if (frame === undefined) return;
    const [view] = await frame.look();
    const rgb = view?.pictures[0]?.rgb;
    if (rgb === undefined) continue;
    await classify(rgb);
    counted.classified += 1;
  }
}

async function countLosses(
  counted: readonly Counted[],
  fps: number,
  signal: AbortSignal,
): Promise<CameraRun> {
  await untilFlowing(counted, signal);
  const before = counted.map(read);
  await delay(WATCHED_MS, undefined, { signal });
  return conclude(before, counted.map(read), (fps * WATCHED_MS) / 1000);
}

/** Those that do not come are counted afterwards. */
async function untilFlowing(counted: readonly Counted[], signal: AbortSignal): Promise<void> {
  const limitMs = performance.now() + START_LIMIT_MS;
  while (performance.now() < limitMs && counted.some(({ classified }) => classified === 0))
    await delay(100, undefined, { signal });
  await delay(SETTLE_MS, undefined, { signal });
}

type Reading = Pick<ReturnType<Camera['counters']>, 'captured' | 'skipped'>;

function read({ camera }: Counted): Reading {
  const { captured, skipped } = camera.counters();
  return { captured, skipped };
}

/** A frame is lost where a newer one took its place, and where a decoder falls behind and gives none. */
function conclude(before: readonly Reading[], after: readonly Reading[], expectedEach: number): CameraRun {
  const grown = (pick: (reading: Reading) => number): readonly number[] =>
    after.map((reading, at) => pick(reading) - (before[at] === undefined ? 0 : pick(before[at])));
  const [captured, skipped] = [grown((it) => it.captured), grown((it) => it.skipped)];
  const lost = after.map((_, at) => {
    const missing = Math.floor(expectedEach) - EDGE_FRAMES - (captured[at] ?? 0);
    return Math.max(0, missing) + (skipped[at] ?? 0);
  });
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    cameras: after.length,
    lost01: sum(lost) / Math.max(1, expectedEach * after.length),
    silent: captured.filter((count) => count === 0).length,
  };
}
