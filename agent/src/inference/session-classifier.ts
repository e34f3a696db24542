import { basename } from 'node:path';
import type { ModelOutput } from '@watchpost/shared/bundle/manifest.ts';
import { findGraphFit, type ModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import { type AgentErrorCode, agentError } from '../kernel/errors.ts';
import type { Classifier, ModelSpec, Prediction, ProviderSetback } from './port.ts';
import { computeProbabilities, findBest } from './probabilities.ts';
import { createTensorMaker, type TensorData } from './tensor.ts';

/** A model file opened by a library: the little that differs between runtimes. */
export interface ModelSession {
  readonly graph: ModelGraph;
  readonly executionProviders: readonly string[];
  readonly setbacks?: readonly ProviderSetback[];
  /** Runs the model on one tensor and gives the raw output named in the spec. Rejects with the library's error. */
  run(data: TensorData): Promise<ArrayLike<number>>;
  release(): Promise<void>;
}

const MISMATCH_CODES = {
  otherInput: 'MODEL_MISMATCH',
  otherOutput: 'MODEL_MISMATCH',
  otherLabels: 'LABELS_MISMATCH',
} as const satisfies Record<string, AgentErrorCode>;

/**
 * Checks the graph and runs it once. The session belongs to the classifier from here on, also when this rejects.
 * @throws AppError as `InferenceRuntime.load`
 */
export async function createSessionClassifier(session: ModelSession, spec: ModelSpec): Promise<Classifier> {
  const classifier = wrapSession(session, spec);
  try {
    checkGraph(session.graph, spec);
    await classifier.classify(greyPicture(spec));
    return classifier;
  } catch (error) {
    await classifier.release();
    throw error;
  }
}

/** @throws AppError MODEL_MISMATCH | LABELS_MISMATCH */
export function checkGraph(graph: ModelGraph, spec: ModelSpec): void {
  const fit = findGraphFit(graph, spec.input, spec.output);
  if (fit.kind !== 'fits') throw agentError(MISMATCH_CODES[fit.kind], `${basename(spec.path)}: ${fit.what}`);
}

/** A picture without content, for a run whose result matters to nobody. */
export function greyPicture({ input }: Pick<ModelSpec, 'input'>): Uint8Array {
  return new Uint8Array(input.width * input.height * 3).fill(128);
}

/** @throws AppError MODEL_OUTPUT_INVALID, in place of the library's error */
export async function runSession(
  session: ModelSession,
  data: TensorData,
  spec: ModelSpec,
): Promise<ArrayLike<number>> {
  try {
    return await session.run(data);
  } catch (cause) {
    throw agentError('MODEL_OUTPUT_INVALID', `${basename(spec.path)} cannot be run`, { cause });
  }
}

function wrapSession(session: ModelSession, spec: ModelSpec): Classifier {
  const makeTensor = createTensorMaker(spec.input, spec.preprocess);
  let released: Promise<void> | undefined;
  return {
    executionProviders: session.executionProviders,
    setbacks: session.setbacks ?? [],
    classify: async (rgb) => {
      const data = makeTensor(rgb);
      const startedMs = performance.now();
      const raw = await runSession(session, data, spec);
      return predict(raw, spec, performance.now() - startedMs);
    },
    release: () => {
      released ??= session.release();
      return released;
    },
  };
}

function predict(raw: ArrayLike<number>, spec: ModelSpec, inferMs: number): Prediction {
  const probabilities = probabilitiesOf(raw, spec.output, basename(spec.path));
  const labelIndex = findBest(probabilities);
  return {
    label: spec.output.labels[labelIndex] ?? '',
    labelIndex,
    probability: probabilities[labelIndex] ?? 0,
    probabilities,
    inferMs,
  };
}

function probabilitiesOf(raw: ArrayLike<number>, output: ModelOutput, model: string): readonly number[] {
  if (raw.length !== output.labels.length)
    throw agentError(
      'LABELS_MISMATCH',
      `${model}: expected ${raw.length} labels for the output ${output.name}, found ${output.labels.length}`,
    );
  const probabilities = computeProbabilities(raw, output);
  if (probabilities === undefined)
    throw agentError('MODEL_OUTPUT_INVALID', `${model}: the output ${output.name} is no distribution`);
  return probabilities;
}
