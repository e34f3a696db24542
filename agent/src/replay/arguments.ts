import { parseArgs } from 'node:util';
import { agentError } from '../kernel/errors.ts';

export const REPLAY_USAGE = `Runs a model over every frame of a video, a folder or a picture, as fast as it goes.

watchpost-agent replay --bundle DIR [--variant NAME] --input VIDEO|FOLDER|PICTURE [options]
watchpost-agent replay --model FILE.onnx --labels FILE [--preprocess HOW] --input ... [options]

  --bundle DIR       folder with manifest.json and the files it lists
  --variant NAME     variant of the bundle (default: its first)
  --model FILE       an ONNX classifier; layout, size and output are read from it
  --labels FILE      one label per line, in the order of the model's output
  --preprocess HOW   how pixels become numbers, for float models:
                       imagenet  (x / 255 - mean) / deviation, those of ImageNet
                       tf        x / 127.5 - 1
                       unit      x / 255
                       raw       x
                       FILE      a preprocessor_config.json
  --input PATH       video, picture (BMP, JPEG, PNG, WebP), or a folder of them
  --fps N            frames per second of video (default: every frame)
  --limit N          stop after N frames
  --json             one JSON line per frame, then one with the summary
`;

export type ReplayModel =
  | { readonly kind: 'bundle'; readonly folder: string; readonly variant?: string }
  | { readonly kind: 'file'; readonly path: string; readonly labels: string; readonly preprocess?: string };

export interface ReplayRequest {
  readonly model: ReplayModel;
  readonly input: string;
  readonly fps?: number;
  readonly limit: number;
  readonly json: boolean;
}

const OPTIONS = {
  bundle: { type: 'string' },
  variant: { type: 'string' },
  model: { type: 'string' },
  labels: { type: 'string' },
  preprocess: { type: 'string' },
  input: { type: 'string' },
  fps: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** @throws AppError USAGE_INVALID */
export function parseReplayArguments(argv: readonly string[]): ReplayRequest | 'help' {
  const values = parseFlags(argv);
  if (values.help) return 'help';
  if (values.input === undefined) throw misuse('--input is missing: name a video, a folder or a picture');
  const fps = parseNumber('--fps', values.fps, (value) => value > 0);
  const limit = parseNumber('--limit', values.limit, (value) => Number.isInteger(value) && value > 0);
  return {
    model: parseModel(values),
    input: values.input,
    ...(fps !== undefined && { fps }),
    limit: limit ?? Number.POSITIVE_INFINITY,
    json: values.json,
  };
}

function parseFlags(argv: readonly string[]): Values {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (cause) {
    // Every fault of the arguments is a TypeError whose message says which one it is.
    if (!(cause instanceof TypeError)) throw cause;
    throw misuse(cause.message, { cause });
  }
}

function parseModel({ bundle, variant, model, labels, preprocess }: Values): ReplayModel {
  if (bundle !== undefined) {
    if (model !== undefined || labels !== undefined || preprocess !== undefined)
      throw misuse('--bundle brings its own model: leave out --model, --labels and --preprocess');
    return { kind: 'bundle', folder: bundle, ...(variant !== undefined && { variant }) };
  }
  if (model === undefined) throw misuse('no model: name one with --bundle or --model');
  if (labels === undefined) throw misuse('--labels is missing: a model file does not name its outputs');
  if (variant !== undefined) throw misuse('--variant is for bundles');
  return { kind: 'file', path: model, labels, ...(preprocess !== undefined && { preprocess }) };
}

function parseNumber(
  flag: string,
  text: string | undefined,
  isAllowed: (value: number) => boolean,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || !isAllowed(value))
    throw misuse(`${flag} ${text} is not a number it can take`);
  return value;
}

const misuse = (what: string, options?: ErrorOptions) => agentError('USAGE_INVALID', what, options);
