import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { INPUT, INPUT_BYTES, LABELS } from './examples.ts';
import type { ModelRunner } from './model-runner.ts';
import { makeParkVideo, type ParkVideoTruth } from './park-video.ts';
import { likeliest, type Score, scoreOf } from './scoring.ts';

export interface EvaluationPlan {
  /** Parks of the test half, one video each. */
  readonly seeds: readonly number[];
  readonly secondsPerPark: number;
  /** Every which frame is judged. */
  readonly everyFrames: number;
  readonly onPark?: (seed: number) => void;
}

/** Decoded pictures of the model's size, resized by ffmpeg exactly as the agent asks for it. */
async function* decode(videoFile: string, everyFrames: number): AsyncGenerator<Buffer> {
  const filter = `select=not(mod(n\\,${everyFrames})),scale=${INPUT.width}:${INPUT.height}:flags=area`;
  const output = ['-vf', filter, '-vsync', '0', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-threads', '1', '-i', videoFile, ...output], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= INPUT_BYTES) {
      yield rest.subarray(0, INPUT_BYTES);
      rest = rest.subarray(INPUT_BYTES);
    }
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg ended with ${code} while decoding ${videoFile}`);
}

/** Index into LABELS, or -1 for a frame that nobody can decide. */
export function truthIndexAt(truth: ParkVideoTruth, frame: number): number {
  const run = truth.runs.find(({ fromFrame, toFrame }) => frame >= fromFrame && frame <= toFrame);
  return (LABELS as readonly string[]).indexOf(run?.label ?? '');
}

interface Pair {
  readonly truth: number;
  readonly answer: number;
}

async function judgePark(
  runner: ModelRunner,
  plan: EvaluationPlan,
  file: { seed: number; path: string },
): Promise<Pair[]> {
  const made = await makeParkVideo({ seed: file.seed, seconds: plan.secondsPerPark, outFile: file.path });
  const pairs: Pair[] = [];
  let frame = 0;
  for await (const picture of decode(made.videoFile, plan.everyFrames)) {
    const truth = truthIndexAt(made.truth, frame);
    if (truth >= 0) pairs.push({ truth, answer: likeliest(await runner.run(picture)) });
    frame += plan.everyFrames;
  }
  return pairs;
}

/** Judges a model as it will be used: on H.264 video of parks that it has never seen. */
export async function evaluate(runner: ModelRunner, plan: EvaluationPlan): Promise<Score> {
  const folder = await mkdtemp(path.join(tmpdir(), 'park-evaluation-'));
  try {
    const pairs: Pair[] = [];
    for (const seed of plan.seeds) {
      pairs.push(...(await judgePark(runner, plan, { seed, path: path.join(folder, `${seed}.mp4`) })));
      plan.onPark?.(seed);
    }
    return scoreOf(pairs);
  } finally {
    await rm(folder, { recursive: true });
  }
}
