import * as tf from '@tensorflow/tfjs';
import { augment } from './augmentation.ts';
import { convolve } from './convolution.ts';
import { type Examples, INPUT, INPUT_BYTES, LABELS } from './examples.ts';
import { CONVS, initialWeights, PIXEL_MEAN, PIXEL_SCALE, type Weights } from './network.ts';
import { createRandom, type Random, shuffled } from './random.ts';

export interface TrainingPlan {
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly peakRate: number;
  readonly onEpoch?: (report: EpochReport) => void;
}

export interface EpochReport {
  readonly epoch: number;
  readonly meanLoss: number;
  readonly validationAccuracy: number;
  readonly seconds: number;
}

/** Logits of a batch of pictures, pixels from 0 to 255. */
function logitsOf(pixels: tf.Tensor4D, weights: readonly tf.Tensor[]): tf.Tensor2D {
  let maps = pixels.sub(PIXEL_MEAN).mul(PIXEL_SCALE) as tf.Tensor4D;
  CONVS.forEach((conv, i) => {
    const kernel = weights[2 * i] as tf.Tensor4D;
    maps = convolve(maps, kernel, conv.stride, i === 0 ? 'pictures' : 'maps')
      .add(weights[2 * i + 1] as tf.Tensor)
      .relu() as tf.Tensor4D;
  });
  const pooled = tf.concat([tf.mean(maps, [1, 2]), tf.max(maps, [1, 2])], 1) as tf.Tensor2D;
  const [kernel, bias] = weights.slice(-2) as [tf.Tensor2D, tf.Tensor1D];
  return tf.matMul(pooled, kernel).add(bias) as tf.Tensor2D;
}

function asTensors(weights: Weights): tf.Tensor[] {
  return weights.map((weight) => tf.tensor(weight.values, [...weight.shape]));
}

interface Batch {
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

interface LossAndGradients {
  readonly loss: number;
  readonly gradients: readonly Float32Array[];
}

function lossAndGradients(weights: Weights, batch: Batch): LossAndGradients {
  return tf.tidy(() => {
    const count = batch.labels.length;
    const pixels = tf.tensor4d(batch.pixels, [count, INPUT.height, INPUT.width, INPUT.channels]);
    const wanted = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), LABELS.length).toFloat();
    const lossOf = (...tensors: tf.Tensor[]): tf.Scalar =>
      tf.logSoftmax(logitsOf(pixels, tensors)).mul(wanted).sum().div(-count) as tf.Scalar;
    const { value, grads } = tf.valueAndGrads(lossOf)(asTensors(weights));
    return {
      loss: value.dataSync()[0] ?? Number.NaN,
      gradients: grads.map((gradient) => Float32Array.from(gradient.dataSync())),
    };
  });
}

/** Adam with decoupled weight decay; moments are kept beside the weights that they belong to. */
class Optimizer {
  readonly #moments: readonly { readonly first: Float32Array; readonly second: Float32Array }[];
  #steps = 0;

  constructor(weights: Weights) {
    this.#moments = weights.map(({ values }) => ({
      first: new Float32Array(values.length),
      second: new Float32Array(values.length),
    }));
  }

  step(weights: Weights, gradients: readonly Float32Array[], rate: number): void {
    this.#steps++;
    const firstBias = 1 - 0.9 ** this.#steps;
    const secondBias = 1 - 0.999 ** this.#steps;
    weights.forEach(({ values, shape }, index) => {
      const { first, second } = this.#moments[index] as { first: Float32Array; second: Float32Array };
      const gradient = gradients[index] as Float32Array;
      const decay = shape.length > 1 ? 1 - rate * 0.02 : 1;
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i] as number;
        first[i] = 0.9 * (first[i] as number) + 0.1 * g;
        second[i] = 0.999 * (second[i] as number) + 0.001 * g * g;
        const move =
          (first[i] as number) / firstBias / (Math.sqrt((second[i] as number) / secondBias) + 1e-8);
        values[i] = (values[i] as number) * decay - rate * move;
      }
    });
  }
}

function makeBatch(examples: Examples, chosen: readonly number[], random: Random): Batch {
  const pixels = new Float32Array(chosen.length * INPUT_BYTES);
  chosen.forEach((example, i) => {
    const picture = examples.pictures.subarray(example * INPUT_BYTES, (example + 1) * INPUT_BYTES);
    augment(picture, random, pixels.subarray(i * INPUT_BYTES, (i + 1) * INPUT_BYTES));
  });
  return { pixels, labels: Int32Array.from(chosen, (example) => examples.labels[example] as number) };
}

/** Index of the likeliest label of each example. */
export function classify(weights: Weights, examples: Examples): Uint8Array {
  const answers = new Uint8Array(examples.count);
  const step = 64;
  for (let from = 0; from < examples.count; from += step) {
    const count = Math.min(step, examples.count - from);
    const pictures = examples.pictures.subarray(from * INPUT_BYTES, (from + count) * INPUT_BYTES);
    const best = tf.tidy(() => {
      const pixels = tf.tensor4d(Float32Array.from(pictures), [
        count,
        INPUT.height,
        INPUT.width,
        INPUT.channels,
      ]);
      return logitsOf(pixels, asTensors(weights)).argMax(1).dataSync();
    });
    answers.set(best, from);
  }
  return answers;
}

function accuracyOf(weights: Weights, examples: Examples): number {
  const right = classify(weights, examples).filter((answer, i) => answer === examples.labels[i]).length;
  return right / examples.count;
}

/** A short warm-up, then half a cosine down to zero. */
function rateAt(progress01: number, peak: number): number {
  const warmUp = 0.04;
  if (progress01 < warmUp) return (peak * (progress01 + 0.002)) / warmUp;
  return peak * 0.5 * (1 + Math.cos((Math.PI * (progress01 - warmUp)) / (1 - warmUp)));
}

/** Trains from the seed alone: the same plan and examples give the same weights on the same machine. */
export function train(plan: TrainingPlan, examples: Examples, validation: Examples): Weights {
  const weights = initialWeights(plan.seed);
  const optimizer = new Optimizer(weights);
  const order = Array.from({ length: examples.count }, (_, i) => i);
  const steps = Math.floor(examples.count / plan.batch);
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    const startedMs = performance.now();
    const random = createRandom('epoch', plan.seed, epoch);
    const mixed = shuffled(order, random);
    let loss = 0;
    for (let step = 0; step < steps; step++) {
      const batch = makeBatch(examples, mixed.slice(step * plan.batch, (step + 1) * plan.batch), random);
      const result = lossAndGradients(weights, batch);
      optimizer.step(weights, result.gradients, rateAt((epoch + step / steps) / plan.epochs, plan.peakRate));
      loss += result.loss;
    }
    const seconds = (performance.now() - startedMs) / 1000;
    const validationAccuracy = accuracyOf(weights, validation);
    plan.onEpoch?.({ epoch: epoch + 1, meanLoss: loss / steps, validationAccuracy, seconds });
  }
  return weights;
}
