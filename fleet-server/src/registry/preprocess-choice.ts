import type { ModelInput, Preprocess } from '@watchpost/shared/bundle/manifest.ts';
import {
  isPreprocessPreset,
  PREPROCESS_PRESETS,
  parsePreprocessorConfig,
} from '@watchpost/shared/bundle/preprocess.ts';
import { serverError } from '../kernel/errors.ts';

/** What `--preprocess` was given: the name of a preset, or the content of a preprocessor_config.json. */
export type PreprocessChoice =
  | { readonly kind: 'preset'; readonly name: string }
  | { readonly kind: 'config'; readonly path: string; readonly content: unknown };

/** PIL's number of lanczos. */
const LANCZOS = 1;

/**
 * What was asked for, before the model's size is known.
 * @throws AppError PREPROCESS_INVALID | MESSAGE_INVALID
 */
export function readPreprocessChoice(choice: PreprocessChoice | undefined): Preprocess | undefined {
  if (choice === undefined) return undefined;
  if (choice.kind === 'config') return parsePreprocessorConfig(choice.content);
  if (!isPreprocessPreset(choice.name))
    throw serverError('PREPROCESS_INVALID', `"${choice.name}" is neither a preset nor a file`);
  return PREPROCESS_PRESETS[choice.name];
}

/**
 * The way from a picture to `input`, with every size written out. A uint8 model takes pixels as they are.
 * @throws AppError PREPROCESS_REQUIRED | PREPROCESS_INVALID
 */
export function completePreprocess(asked: Preprocess | undefined, input: ModelInput): Preprocess {
  if (asked === undefined && input.dtype === 'float32')
    throw serverError(
      'PREPROCESS_REQUIRED',
      `the input ${input.name} is float32: say what its numbers are. imagenet: x/255, then ImageNet's mean and deviation; tf: x/127.5 - 1; unit: x/255; raw: x from 0 to 255`,
    );
  const way: Preprocess = asked ?? PREPROCESS_PRESETS.raw;
  if (input.dtype === 'uint8' && changesNumbers(way))
    throw serverError(
      'PREPROCESS_INVALID',
      `the input ${input.name} is uint8 and takes pixels as they are, but the preprocessing rescales or normalises them`,
    );
  const complete: Preprocess = way.size === undefined ? { ...way, ...fill(way, input) } : way;
  requireSize(complete, input);
  return complete;
}

const changesNumbers = ({ do_rescale, do_normalize }: Preprocess): boolean => do_rescale || do_normalize;

/** The whole picture, where it is to be padded; else the input is covered and the centre cut out. */
function fill({ do_pad: isPadded }: Preprocess, input: ModelInput): Partial<Preprocess> {
  const { width, height } = input;
  return isPadded ? { do_resize: true, size: { width, height }, do_center_crop: false } : cover(input);
}

function cover({ width, height }: ModelInput): Partial<Preprocess> {
  return {
    do_resize: true,
    size: { shortest_edge: Math.min(width, height) },
    resample: LANCZOS,
    do_center_crop: true,
    crop_size: { width, height },
    scale_flags: 'lanczos',
  };
}

function requireSize(preprocess: Preprocess, input: ModelInput): void {
  const { size, do_center_crop: isCut, crop_size: crop, do_pad: isPadded } = preprocess;
  const takes = `the model takes ${input.width}x${input.height}`;
  const isInput = (side: { width: number; height: number }): boolean =>
    side.width === input.width && side.height === input.height;
  if (isCut && crop !== undefined && !isInput(crop))
    throw serverError('PREPROCESS_INVALID', `crop_size is ${crop.width}x${crop.height}, but ${takes}`);
  if (size === undefined) return;
  if (!('shortest_edge' in size)) {
    if (isInput(size)) return;
    throw serverError('PREPROCESS_INVALID', `size is ${size.width}x${size.height}, but ${takes}`);
  }
  if (isPadded) throw serverError('PREPROCESS_INVALID', 'do_pad needs a size with width and height');
  if (size.shortest_edge < Math.min(input.width, input.height))
    throw serverError('PREPROCESS_INVALID', `size.shortest_edge is ${size.shortest_edge}, but ${takes}`);
}

/** Size and fit of a picture after the resize and before the cut; a picture of that size is resized no more. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
  readonly fit: 'cover' | 'squash' | 'letterbox';
  /** For `letterbox`: grey level of the edges. */
  readonly padLevel?: number;
}

export function computeFrameSize(preprocess: Preprocess, { width, height }: ModelInput): FrameSize {
  const { size, do_pad, pad_value: padLevel = 0 } = preprocess;
  if (do_pad) return { width, height, fit: 'letterbox', padLevel };
  if (size === undefined) return { width, height, fit: 'cover' };
  if (!('shortest_edge' in size)) return { width, height, fit: 'squash' };
  const scale = size.shortest_edge / Math.min(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale), fit: 'cover' };
}
