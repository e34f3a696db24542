import { join } from 'node:path';
import type { GoldenFrame, Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { computeFramePlan } from './frame-plan.ts';
import type { Classifier, GoldenOutcome } from './port.ts';
import { greyPicture } from './session-classifier.ts';

/** Fewest runs a latency is the median of; blank pictures fill up, so that one slow run does not move it. */
const MIN_RUNS = 5;

/**
 * Whether a model gives here what it gave where its bundle was built, and how long a run takes.
 * @throws AppError PICTURE_UNREADABLE, and as `Classifier.classify`
 */
export async function checkGoldenFrames(
  classifier: Classifier,
  manifest: Manifest,
  folder: string,
): Promise<GoldenOutcome> {
  const plan = computeFramePlan(manifest.preprocess, manifest.input);
  const latencies: number[] = [];
  // A model that is proved on this box runs without ever reading a picture from a file.
  const { readPicture } = await import('./sharp-picture.ts');
  for (const frame of manifest.golden) {
    const found = await classifier.classify(await readPicture(join(folder, frame.file), plan));
    if (!isWithinTolerance(frame, found.probabilities))
      return {
        kind: 'failed',
        file: frame.file,
        expected: frame.probabilities,
        found: found.probabilities,
      };
    latencies.push(found.inferMs);
  }
  while (latencies.length < MIN_RUNS)
    latencies.push((await classifier.classify(greyPicture(manifest))).inferMs);
  return { kind: 'passed', latencyMs: median(latencies) };
}

/** What a golden frame gave, for people. */
export function describeMismatch({ file, found, expected }: GoldenOutcome & { kind: 'failed' }): string {
  const words = (values: readonly number[]): string => values.map((value) => value.toFixed(3)).join(' ');
  return `golden frame ${file} gives ${words(found)}, expected ${words(expected)}`;
}

function isWithinTolerance(frame: GoldenFrame, found: readonly number[]): boolean {
  return (
    frame.probabilities.length === found.length &&
    frame.probabilities.every((expected, index) => {
      const difference = Math.abs(expected - (found[index] ?? Number.NaN));
      return difference <= frame.tolerance;
    })
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
