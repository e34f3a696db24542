import type { Classifier, InferenceRuntime, ModelSpec, ProviderProbe } from './port.ts';
import { isTfjsInstalled, tfjsRuntime } from './tfjs-runtime.ts';

/** The runtime each model asks for; a library is loaded with the first model that needs it. */
export const localRuntime: InferenceRuntime = { load };

async function load(spec: ModelSpec): Promise<Classifier> {
  const runtime = spec.runtime === 'tfjs' ? tfjsRuntime : (await import('./onnx-runtime.ts')).onnxRuntime;
  return runtime.load(spec);
}

/** What else than the processor this process could run models on. */
export async function probeProviders(): Promise<readonly ProviderProbe[]> {
  return (await import('./onnx-providers.ts')).probeOnnxProviders();
}

/** Whether this installation can run such models: TensorFlow.js is left out of small ones. */
export const hasRuntime = (runtime: ModelSpec['runtime']): boolean => runtime === 'onnx' || isTfjsInstalled();
