import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

/** Makes TensorFlow.js compute with its WebAssembly backend, loaded from the installed package. */
export async function startTensorflow(): Promise<void> {
  const anyFile = createRequire(import.meta.url).resolve(
    '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm',
  );
  // Production mode: no advice on the console, no checks of every intermediate tensor.
  tf.enableProdMode();
  setWasmPaths(`${path.dirname(anyFile)}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow.js cannot start its WebAssembly backend');
  await tf.ready();
}
