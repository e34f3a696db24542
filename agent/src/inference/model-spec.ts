import { join } from 'node:path';
import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import type { ModelSpec } from './port.ts';

export interface BundleFiles {
  readonly manifest: Manifest;
  /** Holds the files of the manifest. */
  readonly folder: string;
}

/** As composed below, for a runtime that may keep its graph in `folder`. */
export function withGraphs(
  spec: ModelSpec,
  { manifest, folder: files }: BundleFiles,
  folder: string,
): ModelSpec {
  const listed = manifest.files.find(({ path }) => join(files, path) === spec.path);
  return listed === undefined ? spec : { ...spec, graphs: { folder, sha256: listed.sha256 } };
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
