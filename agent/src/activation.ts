import { join } from 'node:path';
import type { Variant } from '@watchpost/shared/bundle/manifest.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Camera } from './capture/port.ts';
import type { AgentConfig } from './config/schema.ts';
import type {
  ActiveModel,
  CheckGoldenFrames,
  Classifier,
  InferenceHost,
  ModelSpec,
  PlanFrames,
} from './inference/port.ts';
import { agentError } from './kernel/errors.ts';
import type { InstalledBundle } from './update/port.ts';

export interface ActivationDeps {
  readonly host: InferenceHost;
  readonly checkGoldenFrames: CheckGoldenFrames;
  readonly planFrames: PlanFrames;
  readonly model: ActiveModel;
  readonly cameras: readonly Camera[];
  readonly settings: AgentConfig['inference'];
  readonly log: Logger;
}

/**
 * Makes a bundle the model of this box: loaded in a child of its own beside the one that runs, proved with its golden
 * frames, then switched between two frames. When it throws, what ran before still runs.
 * @throws AppError SELFTEST_FAILED, and as `InferenceHost.start`
 */
export async function activateBundle(bundle: InstalledBundle, deps: ActivationDeps): Promise<void> {
  const { manifest, digest } = bundle;
  const variant = chooseVariant(manifest.variants);
  const plan = deps.planFrames(manifest.preprocess, manifest.input);
  const classifier = await deps.host.start(composeSpec(bundle, variant, deps.settings));
  const latencyMs = await proveOrRelease(classifier, bundle, deps);
  await Promise.all(deps.cameras.map((camera) => camera.usePlans([plan])));
  const threads = deps.settings.threads ?? 1;
  const before = await deps.model.replace({
    digest,
    manifest,
    variant: variant.name,
    threads,
    plan,
    classifier,
  });
  await before?.classifier.release();
  deps.log.info(
    { model: manifest.model, version: manifest.version, digest, variant: variant.name, latencyMs },
    'model active',
  );
}

/** The first variant ONNX Runtime can load; TensorFlow.js where there is no other. */
function chooseVariant(variants: readonly Variant[]): Variant {
  const chosen = variants.find(({ runtime }) => runtime === 'onnx') ?? variants[0];
  if (chosen === undefined) throw agentError('BUNDLE_UNFIT', 'the bundle has no variant this box can run');
  return chosen;
}

function composeSpec(
  { folder, manifest }: InstalledBundle,
  variant: Variant,
  settings: AgentConfig['inference'],
): ModelSpec {
  const { input, preprocess, output } = manifest;
  return {
    path: join(folder, variant.file),
    runtime: variant.runtime,
    input,
    preprocess,
    output,
    threads: settings.threads ?? 1,
    spinning: settings.spinning,
  };
}

/** @returns the median latency of a run */
async function proveOrRelease(
  classifier: Classifier,
  bundle: InstalledBundle,
  deps: ActivationDeps,
): Promise<number> {
  try {
    const outcome = await deps.checkGoldenFrames(classifier, bundle.manifest, bundle.folder);
    if (outcome.kind === 'passed') return outcome.latencyMs;
    const [expected, found] = [outcome.expected, outcome.found].map((values) =>
      values.map((value) => value.toFixed(3)).join(' '),
    );
    throw agentError('SELFTEST_FAILED', `golden frame ${outcome.file} gives ${found}, expected ${expected}`);
  } catch (error) {
    await classifier.release();
    throw error;
  }
}
