import { agentError } from '../kernel/errors.ts';
import { computeFramePlan } from './frame-plan.ts';
import { composeModelSpec } from './model-spec.ts';
import type { InferenceHost, OpenModel } from './port.ts';

/** Loads models by what their self-test chose. */
export function createModelOpener({
  host,
  spinning,
}: {
  readonly host: InferenceHost;
  readonly spinning: boolean;
}): OpenModel {
  return async ({ digest, manifest, folder }, choice) => {
    const variant = manifest.variants.find(({ name }) => name === choice.variant);
    if (variant === undefined) {
      const { model, version } = manifest;
      throw agentError('BUNDLE_UNFIT', `bundle ${model} ${version} has no variant ${choice.variant}`);
    }
    const { threads } = choice;
    const plan = computeFramePlan(manifest.preprocess, manifest.input);
    const classifier = await host.start(
      composeModelSpec({ manifest, folder }, variant, { threads, spinning }),
    );
    return { digest, manifest, variant: variant.name, threads, plan, classifier };
  };
}
