import type { ModelInput, ModelOutput, Preprocess } from '@watchpost/shared/bundle/manifest.ts';

/** A picture as rgb24. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

const CHANNELS = 3;
/** A quantised softmax does not sum to one exactly. */
const SUM_TOLERANCE = 0.05;
const LOWEST_PROBABILITY = -1e-3;

/** The centre of a picture, at the size of `input`; where it lies between two pixels, as boxes do, the later one. */
export function cutCentre({ width, height, rgb }: Picture, input: ModelInput): Picture {
  const left = Math.ceil((width - input.width) / 2);
  const top = Math.ceil((height - input.height) / 2);
  const cut = new Uint8Array(input.width * input.height * CHANNELS);
  const rowBytes = input.width * CHANNELS;
  for (let row = 0; row < input.height; row += 1) {
    const from = ((top + row) * width + left) * CHANNELS;
    cut.set(rgb.subarray(from, from + rowBytes), row * rowBytes);
  }
  return { width: input.width, height: input.height, rgb: cut };
}

/**
 * The input tensor of a picture of the model's size: x * rescale_factor, then (x - mean) / std, in the layout of the
 * model. Written for clarity: it makes golden frames, which check the fast one of the boxes.
 */
export function computeTensor(
  { rgb }: Picture,
  input: ModelInput,
  preprocess: Preprocess,
): Uint8Array | Float32Array {
  const pixels = input.width * input.height;
  const place = (pixel: number, channel: number): number =>
    input.layout === 'NCHW' ? channel * pixels + pixel : pixel * CHANNELS + channel;
  const tensor = input.dtype === 'uint8' ? new Uint8Array(rgb.length) : new Float32Array(rgb.length);
  for (let index = 0; index < rgb.length; index += 1) {
    const channel = index % CHANNELS;
    const level = rgb[index] ?? 0;
    const value = input.dtype === 'uint8' ? level : scaleLevel(level, channel, preprocess);
    tensor[place(Math.floor(index / CHANNELS), channel)] = value;
  }
  return tensor;
}

function scaleLevel(level: number, channel: number, preprocess: Preprocess): number {
  const scaled = preprocess.do_rescale ? level * (preprocess.rescale_factor ?? 1 / 255) : level;
  if (!preprocess.do_normalize) return scaled;
  return (scaled - (preprocess.image_mean?.[channel] ?? 0)) / (preprocess.image_std?.[channel] ?? 1);
}

/** Whether every output already is a distribution, as after a softmax in the graph. */
export function findActivation(outputs: readonly ArrayLike<number>[]): ModelOutput['activation'] {
  const isDistribution = (output: ArrayLike<number>): boolean => {
    const values = Array.from(output);
    return Math.abs(sum(values) - 1) <= SUM_TOLERANCE && values.every((value) => value >= LOWEST_PROBABILITY);
  };
  return outputs.every(isDistribution) ? 'probabilities' : 'logits';
}

/**
 * Probabilities that sum to 1: softmax of the logits over the temperature. The logarithm of a softmax is its logits but
 * for a constant.
 * @returns undefined when the output holds what is no number
 */
export function computeProbabilities(
  output: ArrayLike<number>,
  activation: ModelOutput['activation'],
  temperature = 1,
): readonly number[] | undefined {
  const values = Array.from(output, (value) => (activation === 'logits' ? value / temperature : value));
  if (!values.every(Number.isFinite)) return undefined;
  const highest = values.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
  const positive =
    activation === 'logits'
      ? values.map((value) => Math.exp(value - highest))
      : values.map((value) => Math.max(value, 0) ** (1 / temperature));
  const total = sum(positive);
  return total > 0 ? positive.map((value) => value / total) : undefined;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
