import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { GraphModel, io } from '@tensorflow/tfjs';
import { type GraphTensor, inputShape, type ModelGraph } from '@watchpost/shared/bundle/model-graph.ts';
import { agentError } from '../kernel/errors.ts';
import type { InferenceRuntime, ModelSpec } from './port.ts';
import { createSessionClassifier, type ModelSession } from './session-classifier.ts';
import type { TensorData } from './tensor.ts';

type TensorFlow = typeof import('@tensorflow/tfjs');
type TensorInfo = GraphModel['inputs'][number];

const PIXEL_TYPES: readonly string[] = ['int32', 'float32'];

/** TensorFlow.js graph models (model.json and its weight files): native where it is installed, else WebAssembly. */
export const tfjsRuntime: InferenceRuntime = {
  load: async (spec) => createSessionClassifier(await openSession(spec), spec),
};

export function isTfjsInstalled(): boolean {
  const { resolve } = createRequire(import.meta.url);
  try {
    return resolve('@tensorflow/tfjs') !== '' && resolve('@tensorflow/tfjs-backend-wasm') !== '';
  } catch {
    return false;
  }
}

async function openSession(spec: ModelSpec): Promise<ModelSession> {
  const tf = (await importNative()) ?? (await importWebAssembly());
  const model = await loadModel(tf, spec.path);
  return {
    graph: readGraph(model, spec),
    executionProviders: [await nameBackend(tf)],
    run: (data) => runModel(tf, model, spec, data),
    release: async () => {
      model.dispose();
    },
  };
}

/** The native package is optional and is missing on most boxes; its name is kept from the type checker. */
async function importNative(): Promise<TensorFlow | undefined> {
  const name: string = '@tensorflow/tfjs-node';
  try {
    const native: { default: TensorFlow } = await import(name);
    await native.default.ready();
    return native.default;
  } catch {
    return undefined;
  }
}

/** On a box, TensorFlow.js is a package of its own. */
async function importLibraries() {
  try {
    const { default: tf } = await import('@tensorflow/tfjs');
    const { default: wasm } = await import('@tensorflow/tfjs-backend-wasm');
    return { tf, wasm };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw agentError('RUNTIME_MISSING', 'TensorFlow.js is not installed on this box', { cause });
  }
}

async function importWebAssembly(): Promise<TensorFlow> {
  const { tf, wasm } = await importLibraries();
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  if (tf.getBackend() !== 'wasm') wasm.setWasmPaths(`${dirname(main)}/`);
  await tf.setBackend('wasm');
  await tf.ready();
  return tf;
}

/** The backend takes wider instructions where there are some; threads it does not start in Node. */
async function nameBackend(tf: TensorFlow): Promise<string> {
  const backend = tf.getBackend();
  const isWide = backend === 'wasm' && (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true;
  return isWide ? 'wasm-simd' : backend;
}

async function loadModel(tf: TensorFlow, path: string): Promise<GraphModel> {
  try {
    return await tf.loadGraphModel({ load: () => readArtifacts(tf, path) });
  } catch (cause) {
    throw agentError('MODEL_UNREADABLE', `${basename(path)} is not a TensorFlow.js graph model`, { cause });
  }
}

async function readArtifacts(tf: TensorFlow, path: string): Promise<io.ModelArtifacts> {
  const json: io.ModelJSON = JSON.parse(await readFile(path, 'utf8'));
  return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const paths = manifest.flatMap((group) => group.paths);
    const shards = await Promise.all(paths.map((shard) => readFile(join(dirname(path), shard))));
    const weights = new Uint8Array(Buffer.concat(shards));
    return [manifest.flatMap((group) => group.weights), weights.buffer];
  });
}

async function runModel(
  tf: TensorFlow,
  model: GraphModel,
  spec: ModelSpec,
  data: TensorData,
): Promise<ArrayLike<number>> {
  const [input] = model.inputs;
  if (input === undefined) throw new TypeError('the model has no input');
  const result = tf.tidy(() => {
    const tensor = tf.tensor(data, [...inputShape(spec.input)], input.dtype);
    const outputs = model.execute({ [input.name]: tensor }, outputName(model, spec));
    return Array.isArray(outputs) ? outputs[0] : outputs;
  });
  if (result === undefined) throw new TypeError('the model gave no output');
  try {
    return await result.data();
  } finally {
    result.dispose();
  }
}

/**
 * The graph in the words of the manifest. Converters invent names, so the only input and the only output are the
 * ones that are meant; pixels travel as int32 or float32, since TensorFlow.js has no uint8.
 */
function readGraph(model: GraphModel, spec: ModelSpec): ModelGraph {
  const holdsPixels = spec.input.dtype === 'uint8';
  return {
    inputs: model.inputs.map((tensor) => ({
      name: model.inputs.length === 1 ? spec.input.name : tensor.name,
      dtype: holdsPixels && PIXEL_TYPES.includes(tensor.dtype) ? 'uint8' : tensor.dtype,
      shape: readShape(tensor),
    })),
    outputs: model.outputs.map((tensor) => ({
      name: tensor.name === outputName(model, spec) ? spec.output.name : tensor.name,
      dtype: tensor.dtype ?? 'float32',
      shape: readShape(tensor),
    })),
  };
}

function outputName({ outputs }: GraphModel, spec: ModelSpec): string {
  const [only, ...more] = outputs;
  return only !== undefined && more.length === 0 ? only.name : spec.output.name;
}

/** -1 is a free dimension; an output often has no shape at all. */
const readShape = (tensor: TensorInfo): GraphTensor['shape'] =>
  tensor.shape?.map((side) => (side < 0 ? '' : side)) ?? ['', ''];
