import type { ModelInput } from '@watchpost/shared/bundle/manifest.ts';
import type { Classifier } from './port.ts';

/**
 * Latencies of `runs` runs. Black, grey and white pictures and stripes in turn: where a model divides by a spread of
 * zero, it shows.
 * @throws AppError as `Classifier.classify`
 */
export async function measureRuns(
  classifier: Classifier,
  { width, height }: ModelInput,
  runs: number,
): Promise<readonly number[]> {
  const pictures = makePictures(width * height * 3);
  const latencies: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const picture = pictures[run % pictures.length];
    if (picture !== undefined) latencies.push((await classifier.classify(picture)).inferMs);
  }
  return latencies;
}

const makePictures = (bytes: number): readonly Uint8Array[] => [
  new Uint8Array(bytes),
  new Uint8Array(bytes).fill(128),
  new Uint8Array(bytes).fill(255),
  Uint8Array.from({ length: bytes }, (_, index) => (index * 97) % 256),
];
