import { join } from 'node:path';
import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import type { Accelerator } from '@watchpost/shared/bundle/providers.ts';
import type { ModelChoice } from '@watchpost/shared/messages/deployment-findings.ts';
import { agentError } from '../kernel/errors.ts';
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

/**
 * How to load what the self-test chose of a bundle.
 * @param accelerator `auto`: what the self-test chose
 * @throws AppError BUNDLE_UNFIT for a variant it does not have
 */
export function composeChosenSpec(
  bundle: BundleFiles,
  choice: ModelChoice,
  { spinning, accelerator }: { readonly spinning: boolean; readonly accelerator: Accelerator },
): ModelSpec {
  const { model, version, variants } = bundle.manifest;
  const variant = variants.find(({ name }) => name === choice.variant);
  if (variant === undefined) {
    throw agentError('BUNDLE_UNFIT', `bundle ${model} ${version} has no variant ${choice.variant}`);
  }
  const { threads, provider = 'cpu' } = choice;
  const wanted = accelerator === 'auto' ? provider : accelerator;
  return composeModelSpec(bundle, variant, { threads, spinning, accelerator: wanted });
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
