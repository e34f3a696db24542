import type { ModelInput, ModelOutput, Preprocess } from './manifest.ts';

/** A tensor at the edge of a graph. A free dimension is a string, perhaps an empty one. */
export interface GraphTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** What a model file says about itself. */
export interface ModelGraph {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
}

/** What a runtime tells of one edge of a graph. */
export type EdgeMetadata =
  | {
      readonly isTensor: true;
      readonly name: string;
      readonly type: string;
      readonly shape: GraphTensor['shape'];
    }
  | { readonly isTensor: false; readonly name: string };

export function toModelGraph(inputs: readonly EdgeMetadata[], outputs: readonly EdgeMetadata[]): ModelGraph {
  return { inputs: inputs.map(toGraphTensor), outputs: outputs.map(toGraphTensor) };
}

function toGraphTensor(edge: EdgeMetadata): GraphTensor {
  if (edge.isTensor) return { name: edge.name, dtype: edge.type, shape: edge.shape };
  return { name: edge.name, dtype: 'not a tensor', shape: [] };
}

export type DerivedInput =
  | { readonly kind: 'derived'; readonly input: ModelInput }
  | { readonly kind: 'unclear'; readonly reason: string };

export type GraphFit =
  | { readonly kind: 'fits' }
  | { readonly kind: 'otherInput'; readonly what: string }
  | { readonly kind: 'otherOutput'; readonly what: string }
  | { readonly kind: 'otherLabels'; readonly what: string };

const describe = (tensor: GraphTensor): string =>
  `${tensor.name} ${tensor.dtype} [${tensor.shape.map((side) => (side === '' ? '?' : side)).join(',')}]`;
const describeAll = (tensors: readonly GraphTensor[]): string => tensors.map(describe).join(', ') || 'none';

/**
 * The manifest's input, from the graph alone: the layout by the place of the 3 channels, the size from the graph
 * or, where that is free, from `preprocess`.
 */
export function deriveModelInput(graph: ModelGraph, preprocess?: Preprocess): DerivedInput {
  const [tensor, ...more] = graph.inputs;
  const unclear = (reason: string): DerivedInput => ({
    kind: 'unclear',
    reason: `${reason}; found ${describeAll(graph.inputs)}`,
  });
  if (tensor === undefined || more.length > 0) return unclear('a classifier has one input, a picture');
  if (tensor.dtype !== 'uint8' && tensor.dtype !== 'float32')
    return unclear('the input must be uint8 or float32');
  const [, first, second, third] = tensor.shape;
  if (tensor.shape.length !== 4 || (first !== 3 && third !== 3))
    return unclear('the input must be [1,3,height,width] or [1,height,width,3]');
  const layout = first === 3 ? 'NCHW' : 'NHWC';
  const asked = askedSize(preprocess);
  const height = layout === 'NCHW' ? second : first;
  const width = layout === 'NCHW' ? third : second;
  const size = {
    width: typeof width === 'number' ? width : asked?.width,
    height: typeof height === 'number' ? height : asked?.height,
  };
  if (size.width === undefined || size.height === undefined)
    return unclear('the input has no fixed size, and the preprocessing names none');
  const { name, dtype } = tensor;
  return {
    kind: 'derived',
    input: { name, layout, dtype, width: size.width, height: size.height, channels: 'RGB' },
  };
}

function askedSize(preprocess: Preprocess | undefined): { width: number; height: number } | undefined {
  const size = preprocess?.crop_size ?? preprocess?.size;
  if (size === undefined) return undefined;
  return 'shortest_edge' in size ? { width: size.shortest_edge, height: size.shortest_edge } : size;
}

/** Whether a graph takes and gives what a manifest says. Free dimensions fit anything. */
export function findGraphFit(graph: ModelGraph, input: ModelInput, output: ModelOutput): GraphFit {
  const expected = expectedInput(input);
  const [found, ...more] = graph.inputs;
  if (found === undefined || more.length > 0 || !isSameTensor(expected, found))
    return {
      kind: 'otherInput',
      what: `expected the input ${describe(expected)}, found ${describeAll(graph.inputs)}`,
    };
  const result = graph.outputs.find((tensor) => tensor.name === output.name);
  if (result === undefined || result.dtype !== 'float32')
    return {
      kind: 'otherOutput',
      what: `expected the output ${output.name} float32, found ${describeAll(graph.outputs)}`,
    };
  const count = countOutputs(result);
  if (count !== undefined && count !== output.labels.length)
    return {
      kind: 'otherLabels',
      what: `expected ${count} labels for the output ${describe(result)}, found ${output.labels.length}`,
    };
  return { kind: 'fits' };
}

function expectedInput(input: ModelInput): GraphTensor {
  const { name, dtype, width, height } = input;
  return { name, dtype, shape: inputShape({ layout: input.layout, width, height }) };
}

/** Dimensions of the input tensor, batch of one. */
export function inputShape(
  input: Pick<ModelInput, 'layout' | 'width' | 'height'>,
): readonly [number, number, number, number] {
  const { width, height } = input;
  return input.layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
}

function isSameTensor(expected: GraphTensor, found: GraphTensor): boolean {
  return (
    expected.name === found.name &&
    expected.dtype === found.dtype &&
    expected.shape.length === found.shape.length &&
    expected.shape.every((side, index) => {
      const other = found.shape[index];
      return typeof other === 'string' || other === side;
    })
  );
}

/** Numbers the output holds per picture; undefined while a dimension other than the batch is free. */
export function countOutputs(tensor: GraphTensor): number | undefined {
  const [, ...sides] = tensor.shape;
  return sides.reduce<number | undefined>(
    (count, side) => (count === undefined || typeof side === 'string' ? undefined : count * side),
    1,
  );
}

/** One label per line; lines without text are not labels. */
export function parseLabels(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
