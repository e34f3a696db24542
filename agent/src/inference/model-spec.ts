import { join } from 'node:path';
import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import type { ModelSpec } from './port.ts';

export interface BundleFiles {
  readonly manifest: Manifest;
  /** Holds the files of the manifest. */
  readonly folder: string;
}

/** How to load one variant of a bundle. */
export function composeModelSpec(
  { manifest, folder }: BundleFiles,
  variant: Variant,
  how: Pick<ModelSpec, 'threads' | 'spinning' | 'accelerator'>,
): ModelSpec {
  const { input, preprocess, output } = manifest;
  const path = join(folder, variant.file);
  return { path, runtime: variant.runtime, input, preprocess, output, ...how };
}
