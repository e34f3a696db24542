import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseLabels } from '@watchpost/shared/bundle/model-graph.ts';
import { planTensorFilter } from '../../agent/src/capture/frames/frame-plan.ts';
import { computeFramePlan } from '../../agent/src/inference/frame-plan.ts';
import { onnxRuntime } from '../../agent/src/inference/onnx-runtime.ts';
import type { Classifier, ModelSpec } from '../../agent/src/inference/port.ts';
import { readPicture } from '../../agent/src/inference/sharp-picture.ts';
import { DATA, NEEDS_DATA, PETPARK, PETPARK_FILE } from '../support/real-data.ts';
import { compare, type Difference } from '../support/reference-resampler.ts';

const PHOTOS = ['cat_720p.jpg', 'hot_dog.jpg', 'kite_and_cold.jpg', 'owl.jpg', 'parrot.jpg', 'pets.jpg'];
const BITMAPS = ['bird.bmp', 'cat.bmp', 'cat_test_0.bmp', 'dog_segmentation_256.bmp', 'dog_test_0.bmp'];
const CLIPS = ['cat.mp4', 'dog.mp4', 'car-park.mp4', 'people-indoor.mp4'];
/** Seconds into a clip. */
const MOMENTS = [1, 4, 7];

/** What decoders, colour conversion and scaling of two libraries may differ by: levels of 255 on average. */
const MAX_MEAN = 2;
const MAX_PROBABILITY = 0.12;

const spec: ModelSpec = {
  path: join(DATA, PETPARK_FILE),
  runtime: 'onnx',
  ...PETPARK,
  threads: 1,
  spinning: false,
};

/** One source picture, as ffmpeg is told to read it. */
interface Source {
  readonly name: string;
  readonly input: readonly string[];
}

const SOURCES: readonly Source[] = [
  ...[...PHOTOS, ...BITMAPS].map((file) => ({ name: file, input: ['-i', join(DATA, 'photos', file)] })),
  ...CLIPS.flatMap((file) =>
    MOMENTS.map((second) => ({
      name: `${file} at ${second} s`,
      input: ['-ss', String(second), '-i', join(DATA, 'video', file)],
    })),
  ),
];

function runFfmpeg(input: readonly string[], output: readonly string[]): Buffer {
  const args = ['-v', 'error', ...input, '-frames:v', '1', ...output, '-'];
  return execFileSync('ffmpeg', args, { maxBuffer: 64 * 1024 * 1024 });
}

interface Measured {
  readonly pixels: Difference;
  readonly labels: readonly [string, string];
  /** Largest difference of a probability. */
  readonly probability: number;
}

/** The same picture by the way of the cameras and by that of still pictures. */
async function measure(source: Source, classifier: Classifier): Promise<Measured> {
  const plan = computeFramePlan(spec.preprocess, spec.input);
  const filter = ['-vf', planTensorFilter(plan), '-f', 'rawvideo', '-pix_fmt', 'rgb24'];
  const camera = runFfmpeg(source.input, filter);
  const isJpeg = source.name.endsWith('.jpg');
  const png = (): Buffer => runFfmpeg(source.input, ['-c:v', 'png', '-f', 'image2pipe']);
  const still = await readPicture(isJpeg ? (source.input.at(-1) ?? '') : png(), plan);
  const [seen, shown] = [await classifier.classify(camera), await classifier.classify(still)];
  return {
    pixels: compare(camera, still),
    labels: [seen.label, shown.label],
    probability: compare(seen.probabilities, shown.probabilities).max,
  };
}

test('still pictures come to the model as those of cameras do', NEEDS_DATA, async (t) => {
  assert.deepEqual(
    parseLabels(readFileSync(join(DATA, 'models/petpark_labels.txt'), 'utf8')),
    spec.output.labels,
  );
  const classifier = await onnxRuntime.load(spec);
  t.after(() => classifier.release());
  const measured: Measured[] = [];
  for (const source of SOURCES) {
    const found = await measure(source, classifier);
    const { pixels, labels, probability } = found;
    t.diagnostic(
      `${source.name}: mean ${pixels.mean.toFixed(2)}, max ${pixels.max} of 255; ${labels.join(' / ')}, ` +
        `probability ${probability.toFixed(3)} apart`,
    );
    measured.push(found);
  }
  const agreed = measured.filter(({ labels: [one, other] }) => one === other).length;
  const mean = measured.reduce((sum, { pixels }) => sum + pixels.mean, 0) / measured.length;
  const furthest = Math.max(...measured.map(({ probability }) => probability));
  t.diagnostic(
    `together: mean ${mean.toFixed(2)} of 255, label equal on ${agreed} of ${measured.length}, probability at most ` +
      `${furthest.toFixed(3)} apart`,
  );
  assert.ok(measured.every(({ pixels }) => pixels.mean <= MAX_MEAN));
  assert.equal(agreed, measured.length);
  assert.ok(furthest <= MAX_PROBABILITY);
});
