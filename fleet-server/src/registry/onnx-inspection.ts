import type { ModelInput } from '@watchpost/shared/bundle/manifest.ts';
import { inputShape, toModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { serverError } from '../kernel/errors.ts';
import type { ReferenceModel } from './bundle-builder.ts';

const ERRORS_ONLY = 3;

/**
 * Opens a model from its bytes, so that one whose weights lie in a second file fails here and not on a box.
 * @throws AppError MODEL_UNREADABLE
 */
export async function openOnnxModel(bytes: Uint8Array, name: string): Promise<ReferenceModel> {
  // Optimised as on the boxes: fused integer operators round differently.
  const options = { graphOptimizationLevel: 'all', logSeverityLevel: ERRORS_ONLY } as const;
  const session = await InferenceSession.create(bytes, options).catch((cause: unknown) => {
    throw serverError('MODEL_UNREADABLE', `${name} is no ONNX model that can be loaded by itself`, {
      cause,
    });
  });
  return {
    graph: toModelGraph(session.inputMetadata, session.outputMetadata),
    run: (data, input, output) => run(session, { data, input, output, name }),
    release: () => session.release(),
  };
}

interface Run {
  readonly data: Uint8Array | Float32Array;
  readonly input: ModelInput;
  readonly output: string;
  readonly name: string;
}

async function run(session: InferenceSession, { data, input, output, name }: Run): Promise<Float32Array> {
  const shape = inputShape(input);
  const tensor =
    data instanceof Uint8Array ? new Tensor('uint8', data, shape) : new Tensor('float32', data, shape);
  const outputs = await session.run({ [input.name]: tensor }, [output]).catch((cause: unknown) => {
    throw serverError('MODEL_UNSUITABLE', `${name} does not run on one picture [${shape.join(',')}]`, {
      cause,
    });
  });
  const result = outputs[output]?.data;
  if (!(result instanceof Float32Array))
    throw serverError('MODEL_UNSUITABLE', `${name}: the output ${output} is not float32`);
  return result;
}
