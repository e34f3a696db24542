import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { makeManifest } from './http-data.ts';
import { type TinyOnnx, tinyOnnx } from './tiny-onnx.ts';

export interface TinyBundle {
  readonly manifest: Manifest;
  readonly model: Uint8Array;
}

/** A bundle of the tiny model, which runs; 4x2, uint8, NHWC, three labels unless told otherwise. */
export function tinyBundle(change: Partial<Manifest> = {}, how: Partial<TinyOnnx> = {}): TinyBundle {
  const model = tinyOnnx({ dtype: 'uint8', layout: 'NHWC', width: 4, height: 2, ...how });
  const labels = ['red', 'green', 'blue'];
  const output = { name: 'output', activation: 'probabilities', labels, temperature: 1 } as const;
  return { manifest: makeManifest(model, { output, ...change }), model };
}

/** Writes the manifest and `model.onnx` into `folder`, which is made. */
export async function writeTinyBundle(folder: string, { manifest, model }: TinyBundle): Promise<string> {
  const files = [
    ['model.onnx', model],
    ['manifest.json', JSON.stringify(manifest)],
  ] as const;
  for (const [name, content] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}
