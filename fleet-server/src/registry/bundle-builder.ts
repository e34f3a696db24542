import type {
  GoldenFrame,
  Manifest,
  ModelInput,
  ModelOutput,
  Preprocess,
} from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_SCHEMA_VERSION, parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import type { ModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { serverError } from '../kernel/errors.ts';
import { defaultDecision, findPrecision, requireModelInput, requireScores } from './model-description.ts';
import {
  completePreprocess,
  computeFrameSize,
  type FrameSize,
  type PreprocessChoice,
  readPreprocessChoice,
} from './preprocess-choice.ts';
import {
  computeProbabilities,
  computeTensor,
  cutCentre,
  findActivation,
  type Picture,
} from './reference-math.ts';

/** A model that is run here, to learn what it gives. */
export interface ReferenceModel {
  readonly graph: ModelGraph;
  /** @throws AppError MODEL_UNSUITABLE */
  run(data: Uint8Array | Float32Array, input: ModelInput, output: string): Promise<Float32Array>;
  release(): Promise<void>;
}

export interface GoldenPicture {
  readonly png: Uint8Array;
  readonly picture: Picture;
}

export interface BuilderTools {
  /** @throws AppError MODEL_UNREADABLE */
  openModel(bytes: Uint8Array, name: string): Promise<ReferenceModel>;
  /** @throws AppError PICTURE_UNREADABLE */
  renderGolden(
    path: string,
    frame: FrameSize,
    scaleFlags?: Preprocess['scale_flags'],
  ): Promise<GoldenPicture>;
}

/** What a bundle is made of, read but not judged. */
export interface BundleSources {
  readonly name: string;
  readonly version: string;
  readonly releaseCounter: number;
  readonly onnx: { readonly path: string; readonly bytes: Uint8Array };
  readonly labels: readonly string[];
  readonly preprocess?: PreprocessChoice;
  /** Calibrates what the model says; without it, 1. */
  readonly temperature?: number;
  /** Pictures whose results every box must reproduce. */
  readonly goldenPaths: readonly string[];
  /** Over the default rules. */
  readonly decision: object;
  readonly metrics: unknown;
  readonly lineage: unknown;
  readonly card?: Uint8Array;
  /** Files of a TensorFlow.js graph model, `model.json` among them, by their name. */
  readonly tfjs?: ReadonlyMap<string, Uint8Array>;
}

export interface BuiltBundle {
  readonly manifest: Manifest;
  /** Content of every file of the manifest, by its path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const MODEL_FILE = 'model.onnx';
const CARD_FILE = 'model-card.md';
const GOLDEN_TOLERANCE = 0.05;
const PROBE_LEVELS = [0, 127, 255];

/**
 * Makes a bundle from any ONNX classifier of pictures.
 * @throws AppError MODEL_UNREADABLE | MODEL_UNSUITABLE | LABELS_MISMATCH | PREPROCESS_REQUIRED | PREPROCESS_INVALID |
 *   PICTURE_UNREADABLE | MANIFEST_INVALID | MESSAGE_INVALID
 */
export async function buildBundle(sources: BundleSources, tools: BuilderTools): Promise<BuiltBundle> {
  const model = await tools.openModel(sources.onnx.bytes, sources.onnx.path);
  try {
    const described = await describeModel(model, sources);
    const golden = await makeGolden({ model, described, tools, paths: sources.goldenPaths });
    const files = collectFiles(sources, golden);
    return { manifest: parseManifest(writeManifest(sources, described, { golden, files })), files };
  } finally {
    await model.release();
  }
}

interface DescribedModel {
  readonly input: ModelInput;
  readonly preprocess: Preprocess;
  readonly output: ModelOutput;
}

async function describeModel(model: ReferenceModel, sources: BundleSources): Promise<DescribedModel> {
  const asked = readPreprocessChoice(sources.preprocess);
  const input = requireModelInput(model.graph, asked);
  const name = requireScores(model.graph, sources.labels);
  const preprocess = completePreprocess(asked, input);
  const probes = PROBE_LEVELS.map((level) => {
    const rgb = new Uint8Array(input.width * input.height * 3).fill(level);
    return computeTensor({ width: input.width, height: input.height, rgb }, input, preprocess);
  });
  const outputs: Float32Array[] = [];
  for (const probe of probes) outputs.push(await model.run(probe, input, name));
  const count = outputs[0]?.length;
  // A free dimension of the output is known only now.
  if (count !== sources.labels.length)
    throw serverError(
      'LABELS_MISMATCH',
      `${sources.labels.length} labels, but the model gives ${count} numbers`,
    );
  const labels = [...sources.labels];
  const { temperature = 1 } = sources;
  return { input, preprocess, output: { name, activation: findActivation(outputs), labels, temperature } };
}

interface MadeGolden extends GoldenFrame {
  readonly png: Uint8Array;
}

interface GoldenJob {
  readonly model: ReferenceModel;
  readonly described: DescribedModel;
  readonly tools: BuilderTools;
  readonly paths: readonly string[];
}

async function makeGolden({ model, described, tools, paths }: GoldenJob): Promise<readonly MadeGolden[]> {
  const { input, preprocess, output } = described;
  const frame = computeFrameSize(preprocess, input);
  const made: MadeGolden[] = [];
  for (const [index, path] of paths.entries()) {
    const { png, picture } = await tools.renderGolden(path, frame, preprocess.scale_flags);
    const tensor = computeTensor(cutCentre(picture, input), input, preprocess);
    const scores = await model.run(tensor, input, output.name);
    const probabilities = computeProbabilities(scores, output.activation, output.temperature);
    if (probabilities === undefined)
      throw serverError('MODEL_UNSUITABLE', `the model gives no probabilities for ${path}`);
    const file = `golden/${String(index + 1).padStart(3, '0')}.png`;
    made.push({ file, probabilities: probabilities.map(round), tolerance: GOLDEN_TOLERANCE, png });
  }
  return made;
}

const round = (probability: number): number => Math.round(probability * 1e6) / 1e6;

function collectFiles(
  { onnx, card, tfjs }: BundleSources,
  golden: readonly MadeGolden[],
): ReadonlyMap<string, Uint8Array> {
  const files = new Map([[MODEL_FILE, onnx.bytes]]);
  if (card !== undefined) files.set(CARD_FILE, card);
  for (const [name, bytes] of tfjs ?? []) files.set(`tfjs/${name}`, bytes);
  for (const { file, png } of golden) files.set(file, png);
  return files;
}

interface Made {
  readonly golden: readonly MadeGolden[];
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Not checked yet: rules, metrics and lineage come from people's files. */
function writeManifest(sources: BundleSources, described: DescribedModel, { golden, files }: Made): unknown {
  const precision = findPrecision(sources.onnx.bytes);
  const onnx = { name: precision, runtime: 'onnx', precision, file: MODEL_FILE, cpuFeatures: [] };
  const tfjs = { name: 'tfjs', runtime: 'tfjs', precision: 'fp32', file: 'tfjs/model.json', cpuFeatures: [] };
  return {
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    model: sources.name,
    version: sources.version,
    releaseCounter: sources.releaseCounter,
    requires: {},
    files: [...files]
      .map(([path, bytes]) => ({ path, sha256: sha256Hex(bytes), sizeBytes: bytes.length }))
      .sort((one, other) => (one.path < other.path ? -1 : 1)),
    variants: sources.tfjs === undefined ? [onnx] : [onnx, tfjs],
    input: described.input,
    preprocess: described.preprocess,
    output: described.output,
    decision: { ...defaultDecision(described.output), ...sources.decision },
    golden: golden.map(({ file, probabilities, tolerance }) => ({ file, probabilities, tolerance })),
    metrics: sources.metrics,
    ...(sources.card !== undefined && { modelCard: CARD_FILE }),
    lineage: sources.lineage,
  };
}
