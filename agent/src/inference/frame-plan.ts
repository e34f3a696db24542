import type { ModelInput, Preprocess } from '@watchpost/shared/bundle/manifest.ts';
import type { FramePlan } from '../capture/port.ts';
import { agentError } from '../kernel/errors.ts';

type ScaleFlags = FramePlan['scaleFlags'];

/** PIL's numbers, which preprocessor configs use. For nearest, which is 4/255 off on average, the default stands in. */
const FLAGS_OF_RESAMPLE: Readonly<Record<number, ScaleFlags>> = {
  1: 'lanczos',
  2: 'bilinear',
  3: 'bicubic',
  4: 'area',
  5: 'bicubic',
};
const DEFAULT_FLAGS: ScaleFlags = 'lanczos';

/**
 * How pictures come to the size of a model's input: what its preprocessing says, else covered and cut.
 * @throws AppError MODEL_MISMATCH where that cannot give the input's size
 */
export function computeFramePlan(preprocess: Preprocess, input: ModelInput): FramePlan {
  const { width, height } = input;
  const { size, crop_size: crop } = preprocess;
  const scaleFlags = preprocess.scale_flags ?? FLAGS_OF_RESAMPLE[preprocess.resample ?? 0] ?? DEFAULT_FLAGS;
  const covered: FramePlan = { width, height, fit: 'cover', scaleFlags };
  if (preprocess.do_pad) return computeLetterbox(preprocess, input, covered);
  if (preprocess.do_center_crop && crop !== undefined && !isSame(crop, input))
    throw mismatch(`crops to ${crop.width}x${crop.height}`, input);
  if (!preprocess.do_resize || size === undefined) return covered;
  if (!('shortest_edge' in size)) {
    if (!isSame(size, input)) throw mismatch(`resizes to ${size.width}x${size.height}`, input);
    return { ...covered, fit: 'squash' };
  }
  const shortestEdge = size.shortest_edge;
  if (shortestEdge < Math.min(width, height)) throw mismatch(`resizes to ${shortestEdge}`, input);
  return shortestEdge > Math.min(width, height) ? { ...covered, shortestEdge } : covered;
}

function computeLetterbox({ size, pad_value }: Preprocess, input: ModelInput, plan: FramePlan): FramePlan {
  if (size !== undefined && 'shortest_edge' in size)
    throw mismatch(`pads a picture that covers ${size.shortest_edge}`, input);
  if (size !== undefined && !isSame(size, input))
    throw mismatch(`pads to ${size.width}x${size.height}`, input);
  return { ...plan, fit: 'letterbox', ...(pad_value !== undefined && { padLevel: pad_value }) };
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

const isSame = (one: Sides, other: Sides): boolean =>
  one.width === other.width && one.height === other.height;

function mismatch(does: string, input: Sides): Error {
  return agentError(
    'MODEL_MISMATCH',
    `the preprocessing ${does}, but the model takes ${input.width}x${input.height}`,
  );
}
