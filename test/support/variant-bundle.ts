import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import { tinyBundle } from './tiny-bundle.ts';
import { type TinyOnnx, tinyOnnx } from './tiny-onnx.ts';

/** A variant of the tiny model that differs, or a file of other content. */
export type VariantContent = Partial<TinyOnnx> | Uint8Array;

export interface VariantBundle {
  readonly manifest: Manifest;
  readonly folder: string;
}

/** Writes one model file per variant into `folder`; the pictures are 4x2, the labels red, green and blue. */
export async function writeVariants(
  folder: string,
  contents: Readonly<Record<string, VariantContent>>,
  change: Partial<Manifest> = {},
): Promise<VariantBundle> {
  const variants: Variant[] = [];
  for (const [name, content] of Object.entries(contents)) {
    const file = `${name}.onnx`;
    const model =
      content instanceof Uint8Array
        ? content
        : tinyOnnx({ dtype: 'uint8', layout: 'NHWC', width: 4, height: 2, ...content });
    await writeFile(join(folder, file), model);
    variants.push({ name, runtime: 'onnx', precision: 'fp32', file, cpuFeatures: [] });
  }
  return { manifest: tinyBundle({ variants, ...change }).manifest, folder };
}
