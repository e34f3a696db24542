import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes a TensorFlow.js graph model into `folder` that names the strongest of red, green and blue, as `tinyOnnx`
 * does: int32 NHWC pixels, mean of each channel, times 0.02, softmax.
 * @returns path of its model.json
 */
export async function writeTinyTfjs(folder: string, width: number, height: number): Promise<string> {
  const shape = { dim: [-1, height, width, 3].map((size) => ({ size: String(size) })) };
  const float = { T: { type: 'DT_FLOAT' } };
  const model = {
    format: 'graph-model',
    modelTopology: {
      versions: { producer: 1 },
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_INT32' }, shape: { shape } } },
        { name: 'axes', op: 'Const', attr: { dtype: { type: 'DT_INT32' } } },
        { name: 'factor', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } },
        {
          name: 'float',
          op: 'Cast',
          input: ['x'],
          attr: { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } },
        },
        { name: 'mean', op: 'Mean', input: ['float', 'axes'], attr: { ...float, keep_dims: { b: false } } },
        { name: 'scaled', op: 'Mul', input: ['mean', 'factor'], attr: float },
        { name: 'Identity', op: 'Softmax', input: ['scaled'], attr: float },
      ],
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: [
          { name: 'axes', dtype: 'int32', shape: [2] },
          { name: 'factor', dtype: 'float32', shape: [] },
        ],
      },
    ],
  };
  const weights = [Int32Array.of(1, 2), Float32Array.of(0.02)].map((part) => Buffer.from(part.buffer));
  await writeFile(join(folder, 'weights.bin'), Buffer.concat(weights));
  const path = join(folder, 'model.json');
  await writeFile(path, JSON.stringify(model));
  return path;
}
