import { randomUUID } from 'node:crypto';
import type { FramePlan, PlannedPicture } from '../../agent/src/capture/port.ts';
import type { Classifier, Look, Prediction, RunningModel } from '../../agent/src/inference/port.ts';
import { tinyBundle } from './tiny-bundle.ts';

/** A model that answers when the test says so. */
export interface HeldModel extends RunningModel {
  /** Pictures it was given, by their first byte. */
  readonly asked: readonly number[];
  isReleased(): boolean;
  answer(label: string, probability?: number, inferMs?: number): void;
  fail(error: Error): void;
}

const planOf = (width: number): FramePlan => ({
  width,
  height: 1,
  fit: 'squash',
  scaleFlags: 'bilinear',
});

/** One frame, with a picture for each plan; `id` is the first byte of each. */
export const picturesOf = (id: number, ...widths: readonly number[]): readonly PlannedPicture[] =>
  widths.map((width) => ({ plan: planOf(width), rgb: new Uint8Array(width * 3).fill(id) }));

/** A look at one frame; each of a place of its own, unless told otherwise. */
export function lookAt(pictures: readonly PlannedPicture[], change: Partial<Look> = {}): Look {
  const nowMs = performance.now();
  return {
    ...{ place: randomUUID(), capturedAtMs: nowMs, dueAtMs: nowMs },
    pictures: async () => pictures,
    ...change,
  };
}

export function holdModel(digest: string, width = 1): HeldModel {
  const asked: number[] = [];
  let waiting: PromiseWithResolvers<Prediction> | undefined;
  let released = false;
  const take = (): PromiseWithResolvers<Prediction> => {
    const taken = waiting;
    if (taken === undefined) throw new Error(`${digest} has no frame`);
    waiting = undefined;
    return taken;
  };
  const classifier: Classifier = {
    executionProviders: ['test'],
    classify: async (rgb) => {
      if (waiting !== undefined) throw new Error(`${digest} was given two frames at once`);
      if (rgb.length !== width * 3) throw new Error(`${digest} was given a picture of another size`);
      asked.push(rgb[0] ?? 0);
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    release: async () => {
      released = true;
    },
  };
  return {
    digest,
    manifest: tinyBundle().manifest,
    variant: 'fp32',
    threads: 1,
    plan: planOf(width),
    classifier,
    asked,
    isReleased: () => released,
    answer: (label, probability = 0.9, inferMs = 5) =>
      take().resolve({
        label,
        labelIndex: 0,
        probability,
        probabilities: [probability, 1 - probability],
        inferMs,
      }),
    fail: (error) => take().reject(error),
  };
}
