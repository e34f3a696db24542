import { INPUT, LABELS } from './examples.ts';
import { CONVS, foldPixelScale, PIXEL_MEAN, type Weight, type Weights } from './network.ts';
import { encodeMessage, type Field } from './protobuf.ts';

// Field numbers and type codes of onnx.proto, IR version 8.
const FLOAT = 1;
const UINT8 = 2;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

function text(number: number, value: string): Field {
  return { kind: 'text', number, value };
}

function integer(number: number, value: number): Field {
  return { kind: 'integer', number, value };
}

function message(number: number, fields: readonly Field[]): Field {
  return { kind: 'message', number, fields };
}

function attribute(name: string, value: number | readonly number[]): Field {
  const [type, values] =
    typeof value === 'number'
      ? [ATTRIBUTE_INT, [integer(3, value)]]
      : [ATTRIBUTE_INTS, value.map((entry) => integer(8, entry))];
  return message(5, [text(1, name), ...values, integer(20, type)]);
}

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: readonly Field[];
}

function nodeField(node: Node): Field {
  return message(1, [
    ...node.inputs.map((name) => text(1, name)),
    text(2, node.output),
    text(3, node.output),
    text(4, node.op),
    ...(node.attributes ?? []),
  ]);
}

function tensorField(weight: Weight): Field {
  const { buffer, byteOffset, byteLength } = weight.values;
  const raw: Field = { kind: 'bytes', number: 9, value: new Uint8Array(buffer, byteOffset, byteLength) };
  return message(5, [
    ...weight.shape.map((size) => integer(1, size)),
    integer(2, FLOAT),
    text(8, weight.name),
    raw,
  ]);
}

function valueField(number: number, value: { name: string; type: number; shape: readonly number[] }): Field {
  const shape = message(
    2,
    value.shape.map((size) => message(1, [integer(1, size)])),
  );
  return message(number, [text(1, value.name), message(2, [message(1, [integer(1, value.type), shape])])]);
}

/** [row, column, input, output] to ONNX's [output, input, row, column]. */
function transposeKernel(weight: Weight): Weight {
  const [rows = 0, columns = 0, inputs = 0, outputs = 0] = weight.shape;
  const values = new Float32Array(weight.values.length);
  for (let i = 0; i < values.length; i++) {
    const output = i % outputs;
    const input = Math.floor(i / outputs) % inputs;
    const place = Math.floor(i / (outputs * inputs));
    values[(output * inputs + input) * rows * columns + place] = weight.values[i] as number;
  }
  return { name: weight.name, shape: [outputs, inputs, rows, columns], values };
}

function convNodes(index: number): readonly Node[] {
  const name = `conv${index + 1}`;
  const stride = CONVS[index]?.stride ?? 1;
  return [
    {
      op: 'Conv',
      inputs: [index === 0 ? 'centred' : `relu${index}`, `${name}/kernel`, `${name}/bias`],
      output: name,
      attributes: [
        attribute('kernel_shape', [3, 3]),
        attribute('pads', [1, 1, 1, 1]),
        attribute('strides', [stride, stride]),
      ],
    },
    { op: 'Relu', inputs: [name], output: `relu${index + 1}` },
  ];
}

function graphNodes(): readonly Node[] {
  const last = `relu${CONVS.length}`;
  return [
    { op: 'Cast', inputs: ['input'], output: 'float', attributes: [attribute('to', FLOAT)] },
    { op: 'Transpose', inputs: ['float'], output: 'planes', attributes: [attribute('perm', [0, 3, 1, 2])] },
    { op: 'Sub', inputs: ['planes', 'pixel/mean'], output: 'centred' },
    ...CONVS.flatMap((_, i) => convNodes(i)),
    { op: 'GlobalAveragePool', inputs: [last], output: 'mean' },
    { op: 'GlobalMaxPool', inputs: [last], output: 'max' },
    { op: 'Concat', inputs: ['mean', 'max'], output: 'pooled', attributes: [attribute('axis', 1)] },
    { op: 'Flatten', inputs: ['pooled'], output: 'features', attributes: [attribute('axis', 1)] },
    { op: 'Gemm', inputs: ['features', 'dense/kernel', 'dense/bias'], output: 'logits' },
    { op: 'Softmax', inputs: ['logits'], output: 'probs', attributes: [attribute('axis', 1)] },
  ];
}

function initializers(weights: Weights): readonly Weight[] {
  const folded = foldPixelScale(weights).map((weight) =>
    weight.shape.length === 4 ? transposeKernel(weight) : weight,
  );
  return [...folded, { name: 'pixel/mean', shape: [1], values: Float32Array.of(PIXEL_MEAN) }];
}

/** The model as an ONNX file: `input` uint8 [1, height, width, 3] in, `probs` float32 [1, 3] out. */
export function encodeOnnx(weights: Weights): Uint8Array {
  const graph = [
    ...graphNodes().map(nodeField),
    text(2, 'petpark'),
    ...initializers(weights).map(tensorField),
    valueField(11, { name: 'input', type: UINT8, shape: [1, INPUT.height, INPUT.width, INPUT.channels] }),
    valueField(12, { name: 'probs', type: FLOAT, shape: [1, LABELS.length] }),
  ];
  return encodeMessage([
    integer(1, 8),
    text(2, 'watchpost-pet-park'),
    message(7, graph),
    message(8, [text(1, ''), integer(2, 17)]),
  ]);
}
