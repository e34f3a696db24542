import {
  type Fields,
  findOnnx,
  type ImportedModel,
  type ImportFolder,
  isFields,
  known,
  labelsOfMap,
  linesOf,
  requireFields,
  textOf,
  unsuitable,
} from './model-import.ts';

/** Steps of Roboflow's own preprocessing that change colours, which boxes do not do. */
const COLOUR_STEPS = ['contrast', 'grayscale'];
/** What Roboflow's runtime normalises classifiers with, unless the network says otherwise. */
const HALF = [0.5, 0.5, 0.5];
const BICUBIC = 3;
/** Grey level around a picture that is kept whole. */
const EDGES: ReadonlyMap<string, number> = new Map([
  ['Fit (black edges) in', 0],
  ['Fit (grey edges) in', 114],
  ['Fit (white edges) in', 255],
]);

/** environment.json and class_names.txt, as Roboflow's inference server keeps them beside the weights. */
export function importRoboflow(folder: ImportFolder): ImportedModel {
  const environment = requireFields(folder, 'environment.json');
  if (/^true$/i.test(String(environment.MULTICLASS)))
    throw unsuitable('the model gives several labels for one picture (MULTICLASS); boxes decide for one');
  const labels = linesOf(folder.get('class_names.txt')) ?? labelsOfMap(environment.CLASS_MAP);
  const onnx = findOnnx(folder);
  return {
    ...(onnx !== undefined && { onnx }),
    ...(labels !== undefined && { labels }),
    preprocess: readPreprocessing(parseSteps(environment.PREPROCESSING)),
    lineage: known({
      importedFrom: 'roboflow',
      sourceModel: textOf(environment.ENDPOINT) ?? textOf(environment.PROJECT),
      dataVersion: textOf(environment.DATASET_VERSION) ?? textOf(environment.VERSION),
    }),
    metrics: {},
  };
}

/** A JSON text inside the JSON file. */
function parseSteps(given: unknown): Fields {
  if (isFields(given)) return given;
  try {
    const steps: unknown = JSON.parse(textOf(given) ?? '');
    if (isFields(steps)) return steps;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw unsuitable('environment.json has no PREPROCESSING that can be read');
}

function readPreprocessing(steps: Fields): Fields {
  const colours = COLOUR_STEPS.filter((name) => isFields(steps[name]) && steps[name].enabled !== false);
  if (colours.length > 0) throw unsuitable(`Roboflow applies ${colours.join(' and ')}, which boxes do not`);
  const { resize } = steps;
  const numbers = {
    resample: BICUBIC,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: HALF,
    image_std: HALF,
  };
  if (!isFields(resize)) return { ...numbers, do_resize: true, do_center_crop: false };
  const format = textOf(resize.format) ?? 'Stretch to';
  const edges = EDGES.get(format);
  if (format.startsWith('Fit') && edges === undefined)
    throw unsuitable(`Roboflow resizes with "${format}", which boxes do not; export it with "Stretch to"`);
  const [width, height] = [Number(resize.width), Number(resize.height)];
  if (!Number.isInteger(width) || !Number.isInteger(height))
    throw unsuitable('the resize of environment.json names no width and height');
  const padding = edges !== undefined && { do_pad: true, pad_value: edges };
  return { ...numbers, do_resize: true, size: { width, height }, do_center_crop: false, ...padding };
}
