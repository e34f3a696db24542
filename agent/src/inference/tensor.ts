import type { ModelInput, Preprocess } from '@watchpost/shared/bundle/manifest.ts';
import { agentError } from '../kernel/errors.ts';

export type TensorData = Uint8Array | Float32Array;

const LEVELS = 256;

/**
 * Makes the function that turns rgb24 at the model's size into the input tensor. uint8 NHWC RGB passes through
 * without a copy; everything else is looked up into one array that every call overwrites. `image_mean` and
 * `image_std` are in the order of the tensor's channels; uint8 tensors hold the pixels as they are.
 * @throws AppError MODEL_MISMATCH (the function) for a picture of another size
 */
export function createTensorMaker(
  input: ModelInput,
  preprocess: Preprocess,
): (rgb: Uint8Array) => TensorData {
  const pixels = input.width * input.height;
  const isPassedThrough = input.dtype === 'uint8' && input.layout === 'NHWC' && input.channels === 'RGB';
  const target = input.dtype === 'uint8' ? new Uint8Array(pixels * 3) : new Float32Array(pixels * 3);
  const table = input.dtype === 'uint8' ? rawTable() : computeTable(preprocess);
  return (rgb) => {
    if (rgb.length !== pixels * 3)
      throw agentError(
        'MODEL_MISMATCH',
        `a picture of ${rgb.length} bytes is not rgb24 of ${input.width}x${input.height}`,
      );
    if (isPassedThrough) return rgb;
    fillTensor(target, rgb, table, input);
    return target;
  };
}

/** One loop over pixels for both layouts: reading and writing plane by plane is slower. */
function fillTensor(target: TensorData, rgb: Uint8Array, table: Float32Array, input: ModelInput): void {
  const pixels = input.width * input.height;
  const [plane, step] = input.layout === 'NCHW' ? [pixels, 1] : [1, 3];
  const [red, blue] = input.channels === 'RGB' ? [0, 2] : [2, 0];
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const from = pixel * 3;
    const to = pixel * step;
    target[to] = table[rgb[from + red] ?? 0] ?? 0;
    target[to + plane] = table[LEVELS + (rgb[from + 1] ?? 0)] ?? 0;
    target[to + 2 * plane] = table[2 * LEVELS + (rgb[from + blue] ?? 0)] ?? 0;
  }
}

function rawTable(): Float32Array {
  return Float32Array.from({ length: 3 * LEVELS }, (_, index) => index % LEVELS);
}

/** Value of every level in every channel. */
function computeTable(preprocess: Preprocess): Float32Array {
  const factor = preprocess.do_rescale ? (preprocess.rescale_factor ?? 1 / 255) : 1;
  const mean = preprocess.do_normalize ? preprocess.image_mean : undefined;
  const std = preprocess.do_normalize ? preprocess.image_std : undefined;
  return Float32Array.from({ length: 3 * LEVELS }, (_, index) => {
    const channel = Math.floor(index / LEVELS);
    return ((index % LEVELS) * factor - (mean?.[channel] ?? 0)) / (std?.[channel] ?? 1);
  });
}
