import { INPUT, LABELS } from './examples.ts';
import { CONVS, foldPixelScale, PIXEL_MEAN, type Weights } from './network.ts';

/** A TensorFlow.js graph model: the text of model.json and the bytes of its one weights file. */
export interface TfjsModel {
  readonly json: string;
  readonly weights: Uint8Array;
}

export const TFJS_WEIGHTS_FILE = 'group1-shard1of1.bin';

interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly values: Float32Array | Int32Array;
}

interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, unknown>>;
}

const FLOAT = { type: 'DT_FLOAT' };
const INT32 = { type: 'DT_INT32' };

function base64(value: string): { s: string } {
  return { s: Buffer.from(value).toString('base64') };
}

function integers(values: readonly number[]): { list: { i: string[] } } {
  return { list: { i: values.map(String) } };
}

function dimensions(shape: readonly number[]): { dim: { size: string }[] } {
  return { dim: shape.map((size) => ({ size: String(size) })) };
}

function constantNode(constant: Constant): NodeDef {
  const type = constant.dtype === 'int32' ? INT32 : FLOAT;
  const tensor = { dtype: type.type, tensorShape: dimensions(constant.shape) };
  return { name: constant.name, op: 'Const', attr: { dtype: type, value: { tensor } } };
}

function convNodes(index: number): readonly NodeDef[] {
  const name = `conv${index + 1}`;
  const stride = CONVS[index]?.stride ?? 1;
  const convolution: NodeDef = {
    name,
    op: 'Conv2D',
    input: [index === 0 ? 'centred' : `relu${index}`, `${name}/kernel`],
    attr: {
      T: FLOAT,
      data_format: base64('NHWC'),
      dilations: integers([1, 1, 1, 1]),
      strides: integers([1, stride, stride, 1]),
      padding: base64('EXPLICIT'),
      explicit_paddings: integers([0, 0, 1, 1, 1, 1, 0, 0]),
      use_cudnn_on_gpu: { b: true },
    },
  };
  return [
    convolution,
    {
      name: `${name}/sum`,
      op: 'BiasAdd',
      input: [name, `${name}/bias`],
      attr: { T: FLOAT, data_format: base64('NHWC') },
    },
    { name: `relu${index + 1}`, op: 'Relu', input: [`${name}/sum`], attr: { T: FLOAT } },
  ];
}

function headNodes(): readonly NodeDef[] {
  const last = `relu${CONVS.length}`;
  const pool = { T: FLOAT, Tidx: INT32, keep_dims: { b: false } };
  return [
    { name: 'mean', op: 'Mean', input: [last, 'pool/axes'], attr: pool },
    { name: 'max', op: 'Max', input: [last, 'pool/axes'], attr: pool },
    {
      name: 'features',
      op: 'ConcatV2',
      input: ['mean', 'max', 'concat/axis'],
      attr: { T: FLOAT, Tidx: INT32, N: { i: '2' } },
    },
    {
      name: 'product',
      op: 'MatMul',
      input: ['features', 'dense/kernel'],
      attr: { T: FLOAT, transpose_a: { b: false }, transpose_b: { b: false } },
    },
    { name: 'logits', op: 'AddV2', input: ['product', 'dense/bias'], attr: { T: FLOAT } },
    { name: 'probs', op: 'Softmax', input: ['logits'], attr: { T: FLOAT } },
  ];
}

function constantsOf(weights: Weights): readonly Constant[] {
  return [
    ...foldPixelScale(weights).map((weight) => ({ ...weight, dtype: 'float32' as const })),
    { name: 'pixel/mean', shape: [], dtype: 'float32', values: Float32Array.of(PIXEL_MEAN) },
    { name: 'pool/axes', shape: [2], dtype: 'int32', values: Int32Array.of(1, 2) },
    { name: 'concat/axis', shape: [], dtype: 'int32', values: Int32Array.of(1) },
  ];
}

/** The same function as the ONNX file: `input` int32 [1, height, width, 3] in, `probs` float32 [1, 3] out. */
export function encodeTfjs(weights: Weights): TfjsModel {
  const inputShape = [1, INPUT.height, INPUT.width, INPUT.channels];
  const constants = constantsOf(weights);
  const node: readonly NodeDef[] = [
    { name: 'input', op: 'Placeholder', attr: { dtype: INT32, shape: { shape: dimensions(inputShape) } } },
    ...constants.map(constantNode),
    {
      name: 'float',
      op: 'Cast',
      input: ['input'],
      attr: { SrcT: INT32, DstT: FLOAT, Truncate: { b: false } },
    },
    { name: 'centred', op: 'Sub', input: ['float', 'pixel/mean'], attr: { T: FLOAT } },
    ...CONVS.flatMap((_, i) => convNodes(i)),
    ...headNodes(),
  ];
  const tensor = (name: string, dtype: string, shape: readonly number[]): unknown => ({
    [name]: { name: `${name}:0`, dtype, tensorShape: dimensions(shape) },
  });
  const model = {
    format: 'graph-model',
    generatedBy: 'watchpost-pet-park',
    convertedBy: null,
    signature: {
      inputs: tensor('input', 'DT_INT32', inputShape),
      outputs: tensor('probs', 'DT_FLOAT', [1, LABELS.length]),
    },
    modelTopology: { node, library: {}, versions: { producer: 1 } },
    weightsManifest: [
      {
        paths: [TFJS_WEIGHTS_FILE],
        weights: constants.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
      },
    ],
  };
  const bytes = constants.map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  return { json: `${JSON.stringify(model)}\n`, weights: Buffer.concat(bytes) };
}
