import type {
  DecisionRules,
  ModelInput,
  ModelOutput,
  Preprocess,
  Variant,
} from '@watchpost/shared/bundle/manifest.ts';
import {
  countOutputs,
  deriveModelInput,
  type GraphTensor,
  type ModelGraph,
} from '@watchpost/shared/bundle/model-graph.ts';
import { serverError } from '../kernel/errors.ts';

/** Labels that mean "nothing to report". */
const BACKGROUND = ['none', 'other', 'background', 'empty'];

/** @throws AppError MODEL_UNSUITABLE */
export function requireModelInput(graph: ModelGraph, preprocess: Preprocess | undefined): ModelInput {
  const derived = deriveModelInput(graph, preprocess);
  if (derived.kind === 'unclear') throw serverError('MODEL_UNSUITABLE', derived.reason);
  return derived.input;
}

/**
 * The output that scores the labels: the first with as many numbers as there are labels.
 * @throws AppError LABELS_MISMATCH | MODEL_UNSUITABLE
 */
export function requireScores(graph: ModelGraph, labels: readonly string[]): string {
  const scores = graph.outputs.filter((output) => output.dtype === 'float32');
  if (scores.length === 0)
    throw serverError('MODEL_UNSUITABLE', `no output is float32; found ${describe(graph.outputs)}`);
  const fitting = scores.find((output) => [labels.length, undefined].includes(countOutputs(output)));
  if (fitting === undefined)
    throw serverError('LABELS_MISMATCH', `${labels.length} labels, but the model gives ${describe(scores)}`);
  return fitting.name;
}

const describe = (tensors: readonly GraphTensor[]): string =>
  tensors.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape.join(',')}]`).join(', ');

/** Operators of ONNX that compute with integers; their names stand in the file as they are. */
const INTEGER_OPERATORS = ['QuantizeLinear', 'QLinearConv', 'QLinearMatMul', 'ConvInteger', 'MatMulInteger'];

export function findPrecision(model: Uint8Array): Variant['precision'] {
  const bytes = Buffer.from(model.buffer, model.byteOffset, model.byteLength);
  return INTEGER_OPERATORS.some((operator) => bytes.includes(operator)) ? 'int8' : 'fp32';
}

export function defaultDecision({ labels }: Pick<ModelOutput, 'labels'>): DecisionRules {
  return {
    window: 5,
    minVotes: 3,
    enter: 0.6,
    exit: 0.4,
    minDwellSec: 1,
    cooldownSec: 2,
    rejectBelow: 0.5,
    background: [...new Set(labels.filter((label) => BACKGROUND.includes(label.toLowerCase())))],
  };
}
