import { extname } from 'node:path';
import type { FramePlan } from '../capture/port.ts';
import type { Classifier, ReadPicture } from '../inference/port.ts';
import type { ConvertPicture, ReadVideo, ReplayedFrame, ReplayInput } from './port.ts';

export interface FrameDeps {
  readonly readPicture: ReadPicture;
  readonly readVideo: ReadVideo;
  readonly convertPicture: ConvertPicture;
}

export interface Replay {
  readonly inputs: readonly ReplayInput[];
  readonly classifier: Classifier;
  readonly plan: FramePlan;
  /** Frames per second of video; every frame when undefined. */
  readonly fps: number | undefined;
  readonly limit: number;
}

/** Classifies frame after frame, of all inputs together at most `limit`. */
export async function* replayFrames(replay: Replay, deps: FrameDeps): AsyncGenerator<ReplayedFrame> {
  let left = replay.limit;
  for (const input of replay.inputs) {
    let frame = 0;
    for await (const rgb of readInput(input, replay, deps)) {
      yield { input: input.name, frame, prediction: await replay.classifier.classify(rgb) };
      frame += 1;
      left -= 1;
      if (left === 0) return;
    }
  }
}

async function* readInput(input: ReplayInput, replay: Replay, deps: FrameDeps): AsyncIterable<Uint8Array> {
  if (input.kind === 'video') {
    yield* deps.readVideo(input.path, replay.plan, replay.fps);
    return;
  }
  const isBitmap = extname(input.path).toLowerCase() === '.bmp';
  yield await deps.readPicture(isBitmap ? await deps.convertPicture(input.path) : input.path, replay.plan);
}
