/**
 * Writes an ONNX file that names the strongest of red, green and blue: mean of each channel, times `factor`, then
 * softmax unless `ending` says otherwise. Protobuf by hand, after onnx.proto (opset 13).
 */
export interface TinyOnnx {
  readonly dtype: 'uint8' | 'float32';
  readonly layout: 'NHWC' | 'NCHW';
  readonly width: number;
  readonly height: number;
  readonly batch?: number | string;
  readonly ending?: 'probabilities' | 'logits';
  /** NaN makes every output NaN. */
  readonly factor?: number;
  /** The logarithm of the means less this takes their place: a darker picture gives NaN. */
  readonly logAbove?: number;
  /** Work that does not change the result: a matrix of `side` x `side` floats, multiplied by itself as often. */
  readonly ballast?: { readonly side: number; readonly products: number };
  /** Says that the factor lies in a file beside the model. */
  readonly weightsAt?: string;
}

const FLOAT = 1;
const INT64 = 7;
const ELEMENT_TYPES = { float32: FLOAT, uint8: 2 } as const;

export function tinyOnnx(model: TinyOnnx): Uint8Array {
  const { width, height, batch = 1 } = model;
  const shape = model.layout === 'NCHW' ? [batch, 3, height, width] : [batch, height, width, 3];
  const axes = model.layout === 'NCHW' ? [2, 3] : [1, 2];
  const isLast = model.ending === 'logits';
  const graph = message(
    field(1, node('Cast', ['input'], 'float', [attribute('to', FLOAT)])),
    field(1, node('ReduceMean', ['float'], 'mean', [attribute('axes', axes), attribute('keepdims', 0)])),
    ...logarithm(model),
    ...ballast(model),
    field(1, node('Mul', [lastMean(model), 'factor'], isLast ? 'output' : 'scaled', [])),
    isLast ? message() : field(1, node('Softmax', ['scaled'], 'output', [attribute('axis', 1)])),
    field(2, text('tiny')),
    field(
      5,
      model.weightsAt === undefined ? scalar('factor', model.factor ?? 0.02) : outside(model.weightsAt),
    ),
    field(11, valueInfo('input', ELEMENT_TYPES[model.dtype], shape)),
    field(12, valueInfo('output', FLOAT, [batch, 3])),
  );
  return message(number(1, 8), field(7, graph), field(8, message(number(2, 13))));
}

function lastMean({ logAbove, ballast }: TinyOnnx): string {
  if (ballast !== undefined) return 'weighed';
  return logAbove === undefined ? 'mean' : 'logged';
}

function logarithm({ logAbove }: TinyOnnx): readonly Uint8Array[] {
  if (logAbove === undefined) return [];
  return [
    field(5, scalar('floor', logAbove)),
    field(1, node('Sub', ['mean', 'floor'], 'above', [])),
    field(1, node('Log', ['above'], 'logged', [])),
  ];
}

/** It rests on the picture, or the runtime would work it out once and for all; zero, it adds nothing. */
function ballast({ ballast, ...model }: TinyOnnx): readonly Uint8Array[] {
  if (ballast === undefined) return [];
  const { side, products } = ballast;
  const mean = lastMean(model);
  const all = [attribute('axes', [0, 1]), attribute('keepdims', 0)];
  const steps = Array.from({ length: products }, (_, index) =>
    field(1, node('MatMul', [`product${index}`, 'product0'], `product${index + 1}`, [])),
  );
  return [
    field(5, scalar('zero', 0)),
    field(5, integers('sides', [side, side])),
    field(1, node('ReduceMean', [mean], 'grey', all)),
    field(1, node('Mul', ['grey', 'zero'], 'nothing', [])),
    field(1, node('Expand', ['nothing', 'sides'], 'product0', [])),
    ...steps,
    field(1, node('ReduceMean', [`product${products}`], 'weight', all)),
    field(1, node('Add', [mean, 'weight'], 'weighed', [])),
  ];
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const message = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

function varint(value: number): Uint8Array {
  return value < 128
    ? Uint8Array.of(value)
    : message(Uint8Array.of((value % 128) + 128), varint(Math.floor(value / 128)));
}

const field = (tag: number, bytes: Uint8Array): Uint8Array =>
  message(varint(tag * 8 + 2), varint(bytes.length), bytes);
const number = (tag: number, value: number): Uint8Array => message(varint(tag * 8), varint(value));

function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Uint8Array[],
): Uint8Array {
  return message(
    ...inputs.map((name) => field(1, text(name))),
    field(2, text(output)),
    field(4, text(type)),
    ...attributes.map((it) => field(5, it)),
  );
}

function attribute(name: string, value: number | readonly number[]): Uint8Array {
  return typeof value === 'number'
    ? message(field(1, text(name)), number(3, value), number(20, 2))
    : message(field(1, text(name)), ...value.map((it) => number(8, it)), number(20, 7));
}

function scalar(name: string, value: number): Uint8Array {
  const raw = new Uint8Array(Float32Array.of(value).buffer);
  return message(number(2, FLOAT), field(8, text(name)), field(9, raw));
}

function integers(name: string, values: readonly number[]): Uint8Array {
  const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return message(number(1, values.length), number(2, INT64), field(8, text(name)), field(9, raw));
}

/** `data_location` 1 is EXTERNAL. */
function outside(path: string): Uint8Array {
  const location = message(field(1, text('location')), field(2, text(path)));
  return message(number(2, FLOAT), field(8, text('factor')), field(13, location), number(14, 1));
}

function valueInfo(name: string, elementType: number, shape: readonly (number | string)[]): Uint8Array {
  const sides = shape.map((side) =>
    field(1, typeof side === 'number' ? number(1, side) : field(2, text(side))),
  );
  const tensor = message(number(1, elementType), field(2, message(...sides)));
  return message(field(1, text(name)), field(2, field(1, tensor)));
}
