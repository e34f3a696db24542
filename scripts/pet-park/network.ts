import { LABELS } from './examples.ts';
import { createRandom } from './random.ts';

/** One 3x3 convolution with a border of one zero, followed by ReLU. */
export interface ConvShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: 1 | 2;
}

export const CONVS: readonly ConvShape[] = [
  { inputs: 3, outputs: 16, stride: 2 },
  { inputs: 16, outputs: 24, stride: 2 },
  { inputs: 24, outputs: 32, stride: 2 },
  { inputs: 32, outputs: 48, stride: 1 },
  { inputs: 48, outputs: 64, stride: 2 },
  { inputs: 64, outputs: 64, stride: 1 },
];

/** After the last convolution every map is pooled twice, by its mean and by its maximum. */
export const POOLED = 2 * 64;

/** Pixels of 0 to 255 enter as (pixel - PIXEL_MEAN) * PIXEL_SCALE; the scale is folded into the first weights. */
export const PIXEL_MEAN = 127.5;
export const PIXEL_SCALE = 1 / 64;

/** A tensor of weights, row-major. Convolutions are [row, column, input, output], the dense layer [input, output]. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The weights in one fixed order: each convolution's kernel and bias, then the dense kernel and bias. */
export type Weights = readonly Weight[];

export function initialWeights(seed: number): Weights {
  const random = createRandom('weights', seed);
  const normal = (name: string, shape: readonly number[], fanIn: number): Weight => ({
    name,
    shape,
    values: Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => random.normal() * Math.sqrt(2 / fanIn),
    ),
  });
  const zeros = (name: string, length: number): Weight => ({
    name,
    shape: [length],
    values: new Float32Array(length),
  });
  const convs = CONVS.flatMap((conv, i) => [
    normal(`conv${i + 1}/kernel`, [3, 3, conv.inputs, conv.outputs], 9 * conv.inputs),
    zeros(`conv${i + 1}/bias`, conv.outputs),
  ]);
  return [
    ...convs,
    normal('dense/kernel', [POOLED, LABELS.length], POOLED * 4),
    zeros('dense/bias', LABELS.length),
  ];
}

/** The weights as deployed: raw pixels less their mean go in, so the pixel scale moves into the first kernel. */
export function foldPixelScale(weights: Weights): Weights {
  const [first, ...rest] = weights;
  if (first === undefined) return weights;
  return [{ ...first, values: first.values.map((value) => value * PIXEL_SCALE) }, ...rest];
}
