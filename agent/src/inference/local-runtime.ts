import type { Classifier, InferenceRuntime, ModelSpec } from './port.ts';

/** The runtime each model asks for; a library is loaded with the first model that needs it. */
export const localRuntime: InferenceRuntime = { load };

async function load(spec: ModelSpec): Promise<Classifier> {
  const runtime =
    spec.runtime === 'tfjs'
      ? (await import('./tfjs-runtime.ts')).tfjsRuntime
      : (await import('./onnx-runtime.ts')).onnxRuntime;
  return runtime.load(spec);
}
