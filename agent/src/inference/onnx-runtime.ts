import { inputShape, type ModelGraph, toModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import { Tensor } from 'onnxruntime-node';
import { createOnBest, createSession } from './onnx-session.ts';
import type { InferenceRuntime, ModelInspector, ModelSpec } from './port.ts';
import { isDistribution } from './probabilities.ts';
import { withFallback } from './provider-plan.ts';
import {
  checkGraph,
  createSessionClassifier,
  greyPicture,
  type ModelSession,
  runSession,
} from './session-classifier.ts';
import { createTensorMaker, type TensorData } from './tensor.ts';

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
