import {
  type Fields,
  findOnnx,
  type ImportedModel,
  type ImportFolder,
  isFields,
  known,
  labelsOfMap,
  requireFields,
  textOf,
  unsuitable,
} from './model-import.ts';

/** Up to this size ConvNeXT's processor resizes beyond the input and cuts; above, it squashes. */
const CONVNEXT_SQUASHES_FROM = 384;
const CONVNEXT_CROP_PCT = 224 / 256;

/** config.json (id2label) and preprocessor_config.json, as `save_pretrained` and Optimum write them. */
export function importHuggingFace(folder: ImportFolder): ImportedModel {
  const config = requireFields(folder, 'config.json');
  const given = folder.get('preprocessor_config.json');
  const labels = labelsOfMap(config.id2label);
  const onnx = findOnnx(folder);
  return {
    ...(onnx !== undefined && { onnx }),
    ...(labels !== undefined && { labels }),
    ...(isFields(given) && { preprocess: readProcessor(given) }),
    lineage: known({
      importedFrom: 'hugging-face',
      sourceModel: textOf(config._name_or_path),
      sourceCommit: textOf(config._commit_hash),
      modelType: textOf(config.model_type),
      transformersVersion: textOf(config.transformers_version),
    }),
    metrics: {},
  };
}

function readProcessor(given: Fields): Fields {
  if (given.do_flip_channel_order === true)
    throw unsuitable('preprocessor_config.json wants blue first (do_flip_channel_order); export it for RGB');
  if (given.do_pad === true)
    throw unsuitable(
      'preprocessor_config.json pads pictures (do_pad) below and to the right, which boxes do not',
    );
  const type = textOf(given.image_processor_type) ?? textOf(given.feature_extractor_type) ?? '';
  return /^ConvNext/i.test(type) ? readConvNext(given) : given;
}

/** Its `size` is that of the input, not of the resize. */
function readConvNext(given: Fields): Fields {
  const size = isFields(given.size) ? given.size.shortest_edge : given.size;
  if (typeof size !== 'number') return given;
  if (size >= CONVNEXT_SQUASHES_FROM) return { ...given, size: { width: size, height: size } };
  const cropPct = typeof given.crop_pct === 'number' ? given.crop_pct : CONVNEXT_CROP_PCT;
  return {
    ...given,
    size: { shortest_edge: Math.floor(size / cropPct) },
    do_center_crop: true,
    crop_size: { width: size, height: size },
  };
}
