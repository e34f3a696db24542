import Type, { type Static } from 'typebox';
import { sharedError } from '../kernel/errors.ts';
import { Id, Ratio01, Sha256 } from '../kernel/ids.ts';
import { createProblemFinder, listProblems } from '../kernel/parse.ts';
import { isSafeBundlePath } from './paths.ts';

/** Manifests of this and lower numbers are understood. */
export const MANIFEST_SCHEMA_VERSION = 1;

const closed = { additionalProperties: false } as const;
const PositiveInt = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** A file of the bundle: stored and fetched by its digest, laid at `path` (relative, `/`-separated). */
export const BundleFile = Type.Object(
  {
    path: Type.String({ minLength: 1, maxLength: 255 }),
    sha256: Sha256,
    sizeBytes: Count,
  },
  closed,
);
export type BundleFile = Static<typeof BundleFile>;

/** One form of the model: a precision, for a runtime. `file` names an entry of `files`. */
export const Variant = Type.Object(
  {
    name: Id,
    runtime: Type.Enum(['onnx', 'tfjs']),
    precision: Type.Enum(['fp32', 'fp16', 'int8']),
    file: Type.String(),
    cpuFeatures: Type.Array(Type.String()),
  },
  closed,
);
export type Variant = Static<typeof Variant>;

/** The input tensor, batch of one. */
export const ModelInput = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    layout: Type.Enum(['NHWC', 'NCHW']),
    dtype: Type.Enum(['uint8', 'float32']),
    width: PositiveInt,
    height: PositiveInt,
    channels: Type.Enum(['RGB', 'BGR']),
  },
  closed,
);
export type ModelInput = Static<typeof ModelInput>;

const Size = Type.Union([
  Type.Object({ shortest_edge: PositiveInt }, closed),
  Type.Object({ width: PositiveInt, height: PositiveInt }, closed),
]);
const PerChannel = Type.Array(Type.Number(), { minItems: 3, maxItems: 3 });

/**
 * From picture to tensor, in the field names of Hugging Face's preprocessor_config.json, plus how ffmpeg scales.
 * Order: resize, centre crop, x * rescale_factor, (x - image_mean) / image_std. `size` with both sides squashes, or
 * with `do_pad` holds the whole picture, centred, with `pad_value` (0 to 255, default 0) around it; `shortest_edge`
 * covers. `resample` is PIL's number (0 nearest, 1 lanczos, 2 bilinear, 3 bicubic, 4 box).
 */
export const Preprocess = Type.Object(
  {
    do_resize: Type.Boolean(),
    size: Type.Optional(Size),
    resample: Type.Optional(Type.Integer({ minimum: 0, maximum: 5 })),
    do_center_crop: Type.Boolean(),
    crop_size: Type.Optional(Type.Object({ width: PositiveInt, height: PositiveInt }, closed)),
    do_pad: Type.Optional(Type.Boolean()),
    pad_value: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
    do_rescale: Type.Boolean(),
    rescale_factor: Type.Optional(Type.Number()),
    do_normalize: Type.Boolean(),
    image_mean: Type.Optional(PerChannel),
    image_std: Type.Optional(PerChannel),
    scale_flags: Type.Optional(Type.Enum(['bilinear', 'bicubic', 'area', 'lanczos'])),
    colour_range: Type.Optional(Type.Enum(['full', 'limited'])),
  },
  closed,
);
export type Preprocess = Static<typeof Preprocess>;

export const ModelOutput = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    /** `probabilities`: the graph ends in softmax; `logits`: the agent applies it, after `temperature`. */
    activation: Type.Enum(['probabilities', 'logits']),
    labels: Type.Array(Type.String({ minLength: 1 }), { minItems: 2 }),
    temperature: Type.Number({ exclusiveMinimum: 0 }),
  },
  closed,
);
export type ModelOutput = Static<typeof ModelOutput>;

/** From predictions to events. Times in seconds, votes in frames. */
export const DecisionRules = Type.Object(
  {
    /** Frames looked back on. */
    window: PositiveInt,
    /** Mean probability that opens, and below which closes, a sighting. */
    enter: Ratio01,
    exit: Ratio01,
    minVotes: PositiveInt,
    minDwellSec: Type.Number({ minimum: 0 }),
    cooldownSec: Type.Number({ minimum: 0 }),
    /** A frame whose best probability is lower votes for nothing. */
    rejectBelow: Ratio01,
    /** Labels that mean "nothing to report". */
    background: Type.Array(Type.String()),
  },
  closed,
);
export type DecisionRules = Static<typeof DecisionRules>;

/** A picture with the output it must give, on every box, within `tolerance` (absolute, per probability). */
export const GoldenFrame = Type.Object(
  {
    file: Type.String(),
    probabilities: Type.Array(Ratio01),
    tolerance: Type.Number({ exclusiveMinimum: 0 }),
  },
  closed,
);
export type GoldenFrame = Static<typeof GoldenFrame>;

export const Manifest = Type.Object(
  {
    schemaVersion: PositiveInt,
    model: Id,
    version: Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$' }),
    /** Grows with every release of a model; a box refuses to go below its minimum. */
    releaseCounter: Count,
    requires: Type.Object(
      {
        agent: Type.Optional(Type.String()),
        arch: Type.Optional(Type.Array(Type.String())),
        opset: Type.Optional(PositiveInt),
        ramBytes: Type.Optional(PositiveInt),
        diskBytes: Type.Optional(PositiveInt),
        latencyMs: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
      },
      closed,
    ),
    files: Type.Array(BundleFile, { minItems: 1 }),
    variants: Type.Array(Variant, { minItems: 1 }),
    input: ModelInput,
    preprocess: Preprocess,
    output: ModelOutput,
    decision: DecisionRules,
    golden: Type.Array(GoldenFrame),
    metrics: Type.Record(Type.String(), Type.Number()),
    modelCard: Type.Optional(Type.String()),
    lineage: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
);
export type Manifest = Static<typeof Manifest>;

const findProblems = createProblemFinder(Manifest);

/**
 * A manifest whose parts agree: every named file is listed, paths stay inside the bundle.
 * @throws AppError MANIFEST_TOO_NEW | MANIFEST_INVALID
 */
export function parseManifest(input: unknown): Manifest {
  const version = (input as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > MANIFEST_SCHEMA_VERSION) {
    throw sharedError(
      'MANIFEST_TOO_NEW',
      `manifest.json has schemaVersion ${version}; this program understands up to ${MANIFEST_SCHEMA_VERSION}`,
    );
  }
  const problems = findProblems(input);
  if (problems.length > 0) throw sharedError('MANIFEST_INVALID', `manifest.json: ${listProblems(problems)}`);
  const manifest = input as Manifest;
  const contradiction = findContradiction(manifest);
  if (contradiction !== undefined) throw sharedError('MANIFEST_INVALID', `manifest.json: ${contradiction}`);
  return manifest;
}

function findContradiction(manifest: Manifest): string | undefined {
  const paths = manifest.files.map((file) => file.path);
  const unsafe = paths.find((path) => !isSafeBundlePath(path));
  if (unsafe !== undefined) return `file path "${unsafe}" leaves the bundle`;
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) return `file "${twice}" is listed twice`;
  const named = [
    ...manifest.variants.map((variant) => variant.file),
    ...manifest.golden.map((frame) => frame.file),
    ...(manifest.modelCard === undefined ? [] : [manifest.modelCard]),
  ];
  const missing = named.find((path) => !paths.includes(path));
  if (missing !== undefined) return `file "${missing}" is used but not listed in files`;
  if (manifest.decision.exit > manifest.decision.enter) return 'decision.exit is above decision.enter';
  return undefined;
}
