import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { evaluate } from './pet-park/evaluation.ts';
import { drawExamples, type ExamplePlan, INPUT, LABELS } from './pet-park/examples.ts';
import { type TrainingFacts, writeModelCard } from './pet-park/model-card.ts';
import { flattenMetrics } from './pet-park/model-metrics.ts';
import { openOnnx } from './pet-park/model-runner.ts';
import type { Weights } from './pet-park/network.ts';
import { encodeOnnx } from './pet-park/onnx-model.ts';
import { startTensorflow } from './pet-park/tensorflow-wasm.ts';
import { encodeTfjs, TFJS_WEIGHTS_FILE } from './pet-park/tfjs-model.ts';
import { type EpochReport, train } from './pet-park/training.ts';

const HELP = `Trains the demo's model (cat, dog, none) on drawn parks and measures it on parks it has never seen.

  node scripts/train-demo-model.ts [--seed N] [--epochs N] [--out FOLDER]

  --seed N      seed of weights, order and augmentation (default 1)
  --epochs N    passes over the training frames (default 12)
  --out FOLDER  where the model goes (default scripts/pet-park/model)
  --help        this text
`;

const TRAINING: ExamplePlan = {
  split: 'train',
  firstSeed: 1,
  worlds: 240,
  stretchesPerWorld: 5,
  framesPerStretch: 7,
};
/** Other parks of the training palettes, to watch the training with; the test half is looked at once, at the end. */
const VALIDATION: ExamplePlan = { ...TRAINING, firstSeed: 100_001, worlds: 24, framesPerStretch: 4 };
const TEST = { seeds: Array.from({ length: 12 }, (_, i) => 9001 + i), secondsPerPark: 60, everyFrames: 5 };

interface Request {
  readonly seed: number;
  readonly epochs: number;
  readonly folder: string;
}

function parseRequest(args: readonly string[]): Request | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      epochs: { type: 'string', default: '12' },
      out: { type: 'string', default: fileURLToPath(new URL('./pet-park/model', import.meta.url)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const seed = Number(values.seed);
  const epochs = Number(values.epochs);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed takes a whole number, not "${values.seed}"`);
  if (!Number.isSafeInteger(epochs) || epochs < 1)
    throw new Error(`--epochs takes 1 or more, not "${values.epochs}"`);
  return { seed, epochs, folder: values.out };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Field names of Hugging Face's preprocessor_config.json; the filter's name is ffmpeg's. */
const PREPROCESS = {
  do_resize: true,
  size: { width: INPUT.width, height: INPUT.height },
  // PIL's name for the same filter is box.
  resample: 4,
  scale_flags: 'area',
  do_center_crop: false,
  do_rescale: false,
  do_normalize: false,
};

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function writeModel(folder: string, weights: Weights): Promise<string> {
  const tfjs = encodeTfjs(weights);
  const onnxFile = path.join(folder, 'petpark.onnx');
  await mkdir(path.join(folder, 'tfjs'), { recursive: true });
  await writeFile(onnxFile, encodeOnnx(weights));
  await writeFile(path.join(folder, 'tfjs/model.json'), tfjs.json);
  await writeFile(path.join(folder, 'tfjs', TFJS_WEIGHTS_FILE), tfjs.weights);
  await writeFile(path.join(folder, 'labels.txt'), `${LABELS.join('\n')}\n`);
  await writeFile(path.join(folder, 'preprocess.json'), toJson(PREPROCESS));
  return onnxFile;
}

async function measure(onnxFile: string): Promise<TrainingFacts['test']> {
  const runner = await openOnnx(onnxFile);
  try {
    return await evaluate(runner, { ...TEST, onPark: (seed) => say(`judged park ${seed}`) });
  } finally {
    await runner.close();
  }
}

async function main(): Promise<void> {
  const request = parseRequest(process.argv.slice(2));
  if (request === 'help') {
    process.stdout.write(HELP);
    return;
  }
  await startTensorflow();
  const onProgress = (worlds: number): void => {
    if (worlds % 20 === 0) say(`drew ${worlds} parks`);
  };
  const examples = drawExamples({ ...TRAINING, onProgress });
  const validation = drawExamples(VALIDATION);
  let last: EpochReport | undefined;
  const onEpoch = (report: EpochReport): void => {
    last = report;
    say(
      `epoch ${report.epoch}/${request.epochs}: loss ${report.meanLoss.toFixed(4)}, validation ${(report.validationAccuracy * 100).toFixed(1)} %, ${report.seconds.toFixed(0)} s`,
    );
  };
  const weights = train({ ...request, batch: 32, peakRate: 2e-3, onEpoch }, examples, validation);
  const onnxFile = await writeModel(request.folder, weights);
  const facts: TrainingFacts = {
    seed: request.seed,
    epochs: request.epochs,
    trainingFrames: examples.count,
    trainingParks: TRAINING.worlds,
    parameters: weights.reduce((sum, weight) => sum + weight.values.length, 0),
    validationAccuracy: last?.validationAccuracy ?? 0,
    testParks: TEST.seeds,
    testSecondsPerPark: TEST.secondsPerPark,
    test: await measure(onnxFile),
  };
  await writeFile(path.join(request.folder, 'training.json'), toJson(facts));
  await writeFile(path.join(request.folder, 'metrics.json'), toJson(flattenMetrics(facts)));
  await writeFile(path.join(request.folder, 'card.md'), writeModelCard(facts));
  say(
    `accuracy on unseen parks ${(facts.test.accuracy * 100).toFixed(2)} % over ${facts.test.frames} frames`,
  );
}

try {
  await main();
} catch (error) {
  say(`train-demo-model: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
