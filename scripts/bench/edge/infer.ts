import { composeModelSpec } from '@watchpost/agent/inference/model-spec.ts';
import { onnxRuntime } from '@watchpost/agent/inference/onnx-runtime.ts';
import type { Classifier } from '@watchpost/agent/inference/port.ts';
import type { BenchModel } from './data.ts';
import { profileSession } from './profiled-session.ts';
import { type Figure, median, type TargetName } from './targets.ts';
import type { BenchSubject, BenchWorld } from './world.ts';

const NO_REAL_MODELS = 'the real models are not there';

/**
 * One run through our classifier against the time ONNX Runtime's profiler tells of the very same runs. The models take
 * turns, so that both see the same machine.
 */
export const benchInfer: BenchSubject = async (world) => {
  const { data, isQuick, say } = world;
  const [rounds, runs] = isQuick ? [2, 30] : [6, 100];
  const models = [...(data.fp32 === undefined ? [] : [data.fp32]), data.int8];
  const benches: ModelBench[] = [];
  for (const model of models) benches.push(await openModel(model, world));
  for (let round = 0; round < rounds; round += 1) {
    say(`infer: round ${round + 1} of ${rounds}, ${runs} runs of each model`);
    for (const bench of round % 2 === 0 ? benches : benches.toReversed()) await bench.run(runs);
  }
  const figures: Figure[] = [];
  for (const bench of benches) figures.push(...(await bench.end()));
  if (data.fp32 === undefined) figures.push(missing('inferFp32'));
  return figures;
};

const missing = (target: TargetName): Figure => ({
  subject: 'infer',
  what: 'session.run p50 / native, fp32',
  value: undefined,
  note: NO_REAL_MODELS,
  target,
});

interface ModelBench {
  run(runs: number): Promise<void>;
  end(): Promise<readonly Figure[]>;
}

async function openModel(model: BenchModel, { scratch }: BenchWorld): Promise<ModelBench> {
  const [variant] = model.manifest.variants;
  if (variant === undefined) throw new TypeError('a bundle without variants');
  const spec = composeModelSpec(model, variant, { threads: 1, spinning: false });
  const profiled = await profileSession(scratch, () => onnxRuntime.load(spec));
  const classifier: Classifier = profiled.opened;
  const { width, height } = model.manifest.input;
  const picture = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 97) % 256);
  const ours: number[] = [];
  const whole: number[] = [];
  return {
    run: async (runs) => {
      for (let run = 0; run < runs; run += 1) {
        const startedMs = performance.now();
        const { inferMs } = await classifier.classify(picture);
        whole.push(performance.now() - startedMs);
        ours.push(inferMs);
      }
    },
    end: async () => {
      // The first run is that of loading.
      const native = (await profiled.endRuns()).slice(-ours.length);
      await classifier.release();
      return describe(model.name, { ours, whole, native });
    },
  };
}

interface Times {
  readonly ours: readonly number[];
  /** With the tensor made and the probabilities read. */
  readonly whole: readonly number[];
  readonly native: readonly number[];
}

function describe(name: string, { ours, whole, native }: Times): readonly Figure[] {
  const [run, all, own] = [ours, whole, native].map(median);
  if (run === undefined || all === undefined || own === undefined) throw new TypeError('no runs');
  const subject = 'infer';
  const target = name === 'fp32' ? 'inferFp32' : 'inferInt8';
  return [
    { subject, what: `native model time, ${name}, 1 thread (ms)`, value: own, note: `${native.length} runs` },
    { subject, what: `classifier as a whole, ${name} (ms)`, value: all },
    {
      subject,
      what: `session.run p50 / native model time of the same runs, ${name}`,
      value: run / own,
      target,
    },
  ];
}
