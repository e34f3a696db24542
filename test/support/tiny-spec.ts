import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PREPROCESS_PRESETS } from '@watchpost/shared/bundle/preprocess.ts';
import type { ModelSpec } from '../../agent/src/inference/port.ts';
import { type TinyOnnx, tinyOnnx } from './tiny-onnx.ts';

/** Writes a tiny model (4x2, uint8, NHWC unless told otherwise) into `folder` and says how to load it. */
export function tinySpec(folder: string, change: Partial<TinyOnnx> = {}): ModelSpec {
  const model = { dtype: 'uint8', layout: 'NHWC', width: 4, height: 2, batch: 'n', ...change } as const;
  const path = join(folder, 'tiny.onnx');
  writeFileSync(path, tinyOnnx(model));
  const { dtype, layout, width, height } = model;
  return {
    path,
    runtime: 'onnx',
    input: { name: 'input', dtype, layout, width, height, channels: 'RGB' },
    preprocess: PREPROCESS_PRESETS.raw,
    output: {
      name: 'output',
      activation: model.ending ?? 'probabilities',
      labels: ['red', 'green', 'blue'],
      temperature: 1,
    },
    threads: 1,
    spinning: false,
  };
}
