import {
  type Fields,
  findOnnx,
  type ImportedModel,
  type ImportFolder,
  isFields,
  known,
  labelsOfMap,
  numbersOf,
  requireFields,
  textOf,
  textsOf,
  unsuitable,
} from './model-import.ts';

/** PIL's numbers. */
const RESAMPLE: Readonly<Record<string, number>> = {
  nearest: 0,
  lanczos: 1,
  bilinear: 2,
  bicubic: 3,
  box: 4,
  hamming: 5,
};
const DEFAULT_CROP_PCT = 0.875;
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** config.json of timm on the hub; older ones hold the fields of `pretrained_cfg` themselves. */
export function importTimm(folder: ImportFolder): ImportedModel {
  const config = requireFields(folder, 'config.json');
  const trained = isFields(config.pretrained_cfg) ? config.pretrained_cfg : config;
  const labels =
    textsOf(config.label_names) ?? textsOf(trained.label_names) ?? labelsOfMap(config.label_names);
  const onnx = findOnnx(folder);
  return {
    ...(onnx !== undefined && { onnx }),
    ...(labels !== undefined && { labels }),
    preprocess: readTransform(trained),
    lineage: known({
      importedFrom: 'timm',
      sourceModel: textOf(config.architecture),
      tag: textOf(trained.tag),
      origin: textOf(trained.origin_url) ?? textOf(trained.hf_hub_id),
      license: textOf(trained.license),
    }),
    metrics: {},
  };
}

/** timm's evaluation transform: the shorter side to size / crop_pct, cut to the centre, x / 255, then normalised. */
function readTransform(trained: Fields): Fields {
  const [channels, height, width] = numbersOf(trained.input_size) ?? [];
  if (channels !== 3 || height === undefined || width === undefined)
    throw unsuitable('config.json names no input_size [3, height, width]');
  const interpolation = textOf(trained.interpolation) ?? 'bicubic';
  const resample = RESAMPLE[interpolation];
  if (resample === undefined) throw unsuitable(`interpolation "${interpolation}" is not known`);
  return {
    ...readResize(trained, { width, height }),
    resample,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: numbersOf(trained.mean) ?? IMAGENET.mean,
    image_std: numbersOf(trained.std) ?? IMAGENET.std,
  };
}

function readResize(trained: Fields, input: { readonly width: number; readonly height: number }): Fields {
  const cropPct = typeof trained.crop_pct === 'number' ? trained.crop_pct : DEFAULT_CROP_PCT;
  const mode = textOf(trained.crop_mode) ?? 'center';
  if (mode === 'squash' && cropPct === 1) return { do_resize: true, size: input, do_center_crop: false };
  if (mode !== 'center')
    throw unsuitable(`crop_mode "${mode}" with crop_pct ${cropPct} is not what boxes do`);
  if (input.width !== input.height)
    throw unsuitable(
      `an input of ${input.width}x${input.height} that is cut to its centre is not known here`,
    );
  return {
    do_resize: true,
    size: { shortest_edge: Math.floor(input.width / cropPct) },
    do_center_crop: true,
    crop_size: input,
  };
}
