import { basename } from 'node:path';
import { inputShape, type ModelGraph, toModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import type { Provider } from '@watchpost/shared/bundle/providers.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { agentError } from '../kernel/errors.ts';
import { describeCause, listOffered, runOn } from './onnx-providers.ts';
import type { InferenceRuntime, ModelInspector, ModelSpec, ProviderSetback } from './port.ts';
import { isDistribution } from './probabilities.ts';
import { planProviders, withFallback } from './provider-plan.ts';
import {
  checkGraph,
  createSessionClassifier,
  greyPicture,
  type ModelSession,
  runSession,
} from './session-classifier.ts';
import { createTensorMaker, type TensorData } from './tensor.ts';

const ERRORS_ONLY = 3;

/** ONNX Runtime in this process. */
export const onnxRuntime: InferenceRuntime = {
  load: async (spec) => createSessionClassifier(await openSession(spec), spec),
};

export const onnxInspector: ModelInspector = { inspect: inspectOnnxModel, probeActivation };

/** @throws AppError MODEL_UNREADABLE */
export async function inspectOnnxModel(path: string): Promise<ModelGraph> {
  const session = await createSession(path, {});
  try {
    return toModelGraph(session.inputMetadata, session.outputMetadata);
  } finally {
    await session.release();
  }
}

async function probeActivation(spec: ModelSpec): Promise<'probabilities' | 'logits'> {
  const session = await openSession(spec);
  try {
    checkGraph(session.graph, spec);
    const tensor = createTensorMaker(spec.input, spec.preprocess)(greyPicture(spec));
    return isDistribution(await runSession(session, tensor, spec)) ? 'probabilities' : 'logits';
  } finally {
    await session.release();
  }
}

async function openSession(spec: ModelSpec): Promise<ModelSession> {
  const { session, provider, setbacks } = await createOnBest(spec);
  const wrap = createTensorWrapper(spec);
  return {
    graph: toModelGraph(session.inputMetadata, session.outputMetadata),
    executionProviders: withFallback(provider),
    setbacks,
    run: async (data) => {
      const outputs = await session.run({ [spec.input.name]: wrap(data) }, [spec.output.name]);
      return numbersOf(outputs[spec.output.name]);
    },
    release: () => session.release(),
  };
}

interface OpenedSession {
  readonly session: InferenceSession;
  readonly provider: Provider;
  readonly setbacks: readonly ProviderSetback[];
}

/** The first provider that takes the model. Its library, its card or the model may be what it fails for. */
async function createOnBest(spec: ModelSpec): Promise<OpenedSession> {
  const { tries, setbacks: missed } = planProviders(spec.accelerator ?? 'cpu', listOffered());
  const setbacks = [...missed];
  for (const provider of tries) {
    try {
      const session = await createSession(spec.path, { ...composeOptions(spec), ...runOn(provider) });
      return { session, provider, setbacks };
    } catch (error) {
      if (provider === 'cpu') throw error;
      setbacks.push({ provider, why: describeCause(error) });
    }
  }
  throw new Error('the processor was not tried');
}

function composeOptions({ spinning, threads }: ModelSpec): InferenceSession.SessionOptions {
  const allow_spinning = spinning ? '1' : '0';
  return {
    intraOpNumThreads: threads,
    extra: { session: { intra_op: { allow_spinning }, inter_op: { allow_spinning } } },
  };
}

async function createSession(
  path: string,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      graphOptimizationLevel: 'all',
      executionProviders: ['cpu'],
      logSeverityLevel: ERRORS_ONLY,
      ...options,
    });
  } catch (cause) {
    throw agentError('MODEL_UNREADABLE', `${basename(path)} is not an ONNX model this runtime can load`, {
      cause,
    });
  }
}

/** A tensor is a view of its data, so an array that is filled again needs no second one. */
function createTensorWrapper(spec: ModelSpec): (data: TensorData) => Tensor {
  const shape = inputShape(spec.input);
  let kept: { readonly data: TensorData; readonly tensor: Tensor } | undefined;
  return (data) => {
    if (kept?.data !== data) kept = { data, tensor: createTensor(data, shape) };
    return kept.tensor;
  };
}

function createTensor(data: TensorData, shape: readonly number[]): Tensor {
  return data instanceof Uint8Array ? new Tensor('uint8', data, shape) : new Tensor('float32', data, shape);
}

function numbersOf(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('the output is not float32');
  return tensor.data;
}
