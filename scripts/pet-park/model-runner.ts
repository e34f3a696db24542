import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import ort from 'onnxruntime-node';
import { INPUT, INPUT_BYTES, LABELS } from './examples.ts';
import { startTensorflow } from './tensorflow-wasm.ts';

/** Runs an exported model on one picture of `INPUT_BYTES` and answers the probabilities in the order of LABELS. */
export interface ModelRunner {
  run(picture: Uint8Array): Promise<readonly number[]>;
  close(): Promise<void>;
}

const SHAPE: [number, number, number, number] = [1, INPUT.height, INPUT.width, INPUT.channels];

export async function openOnnx(file: string): Promise<ModelRunner> {
  const session = await ort.InferenceSession.create(file, {
    graphOptimizationLevel: 'all',
    intraOpNumThreads: 1,
  });
  return {
    run: async (picture) => {
      const { probs } = await session.run({
        input: new ort.Tensor('uint8', picture.slice(0, INPUT_BYTES), SHAPE),
      });
      if (probs === undefined) throw new Error(`${file} has no output named probs`);
      return Array.from(probs.data as Float32Array).slice(0, LABELS.length);
    },
    close: () => session.release(),
  };
}

export async function openTfjs(folder: string): Promise<ModelRunner> {
  await startTensorflow();
  const json: unknown = JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8'));
  const model = await tf.loadGraphModel({ load: () => loadArtifacts(json as tf.io.ModelJSON, folder) });
  return {
    run: async (picture) => {
      const input = tf.tensor4d(Int32Array.from(picture), SHAPE, 'int32');
      const output = model.predict(input) as tf.Tensor;
      const probabilities = Array.from(await output.data());
      tf.dispose([input, output]);
      return probabilities;
    },
    close: async () => model.dispose(),
  };
}

async function loadArtifacts(json: tf.io.ModelJSON, folder: string): Promise<tf.io.ModelArtifacts> {
  return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const files = manifest.flatMap((group) => group.paths);
    const parts = await Promise.all(files.map((file) => readFile(path.join(folder, file))));
    const bytes = new Uint8Array(Buffer.concat(parts));
    return [manifest.flatMap((group) => group.weights), bytes.buffer];
  });
}
