import { createParser } from '../kernel/parse.ts';
import { Preprocess } from './manifest.ts';

/** The usual ways of float models, by name. All cover the model's input and cut its centre. */
export const PREPROCESS_PRESETS = {
  /** x / 255, then the mean and deviation of ImageNet: torchvision, timm. */
  imagenet: {
    do_resize: true,
    do_center_crop: true,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.485, 0.456, 0.406],
    image_std: [0.229, 0.224, 0.225],
  },
  /** x / 127.5 - 1: TensorFlow's MobileNets. */
  tf: {
    do_resize: true,
    do_center_crop: true,
    do_rescale: true,
    rescale_factor: 1 / 127.5,
    do_normalize: true,
    image_mean: [1, 1, 1],
    image_std: [1, 1, 1],
  },
  /** x / 255. */
  unit: {
    do_resize: true,
    do_center_crop: true,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: false,
  },
  /** x as it is, 0 to 255. */
  raw: { do_resize: true, do_center_crop: true, do_rescale: false, do_normalize: false },
} as const satisfies Readonly<Record<string, Preprocess>>;

export type PreprocessPreset = keyof typeof PREPROCESS_PRESETS;
export const isPreprocessPreset = (name: string): name is PreprocessPreset =>
  Object.hasOwn(PREPROCESS_PRESETS, name);

const parsePreprocess = createParser(Preprocess, 'preprocessor config');
const KEYS = Object.keys(Preprocess.properties);

/**
 * Reads a Hugging Face preprocessor_config.json: keys that say nothing about pixels are left out, a single number
 * stands for a size, and what is not said has that library's default.
 * @throws AppError MESSAGE_INVALID
 */
export function parsePreprocessorConfig(input: unknown): Preprocess {
  if (typeof input !== 'object' || input === null) return parsePreprocess(input);
  const given = new Map(Object.entries(input).filter(([key, value]) => KEYS.includes(key) && value !== null));
  if (given.size === 0) return parsePreprocess(input);
  const defaults = {
    do_resize: given.has('size'),
    do_center_crop: given.has('crop_size'),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: given.has('image_mean'),
  };
  const read = { ...defaults, ...Object.fromEntries(given) };
  const crop = given.get('crop_size');
  const size = given.get('size');
  return parsePreprocess({
    ...read,
    ...(typeof size === 'number' && {
      size: read.do_center_crop ? { shortest_edge: size } : { width: size, height: size },
    }),
    ...(typeof crop === 'number' && { crop_size: { width: crop, height: crop } }),
  });
}
