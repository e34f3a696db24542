import type { Accelerator, Provider } from '@watchpost/shared/bundle/providers.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { agentError } from '../kernel/errors.ts';
import { computeFramePlan } from './frame-plan.ts';
import { describeMismatch } from './golden.ts';
import { type BundleFiles, composeChosenSpec, withGraphs } from './model-spec.ts';
import type {
  CheckGoldenFrames,
  Classifier,
  InferenceHost,
  ModelSpec,
  OpenModel,
  ProviderSetback,
} from './port.ts';

export interface ModelOpenerDeps {
  readonly host: Pick<InferenceHost, 'start'>;
  readonly spinning: boolean;
  /** `auto`: what the self-test chose. */
  readonly accelerator: Accelerator;
  /** Folder of what runtimes made ready of the models; without it, they do so at each start. */
  readonly graphs?: string;
  readonly checkGoldenFrames: CheckGoldenFrames;
  readonly log: Logger;
}

/**
 * Loads models by what their self-test chose. On what they were not proved on (a card that is gone, or one that a
 * person asks for) the golden frames prove them once more.
 */
export function createModelOpener(deps: ModelOpenerDeps): OpenModel {
  return async (bundle, choice, signal) => {
    const { digest, manifest } = bundle;
    const { variant, threads, provider } = choice;
    const composed = composeChosenSpec(bundle, choice, deps);
    const spec = deps.graphs === undefined ? composed : withGraphs(composed, bundle, deps.graphs);
    const plan = computeFramePlan(manifest.preprocess, manifest.input);
    const proof = { bundle, proved: provider ?? 'cpu' } as const;
    const classifier = await untilLoaded(signal, (loading) => openProved(spec, proof, deps, loading));
    const running = { digest, manifest, variant, threads, plan, classifier };
    return provider === undefined ? running : { ...running, provider };
  };
}

interface Proof {
  readonly bundle: BundleFiles;
  readonly proved: Provider;
}

/** The signal a host is given ends the process whenever it is aborted; `signal` does so only while it is loaded. */
async function untilLoaded(
  signal: AbortSignal | undefined,
  load: (loading: AbortSignal) => Promise<Classifier>,
): Promise<Classifier> {
  const loading = new AbortController();
  const giveUp = (): void => loading.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', giveUp);
  try {
    return await load(loading.signal);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** @throws AppError SELFTEST_FAILED, and as `InferenceHost.start` */
async function openProved(
  spec: ModelSpec,
  proof: Proof,
  deps: ModelOpenerDeps,
  signal: AbortSignal,
): Promise<Classifier> {
  const classifier = await deps.host.start(spec, signal);
  tellSetbacks(classifier.setbacks ?? [], deps.log);
  const [runsOn = 'cpu'] = classifier.executionProviders;
  if (spec.runtime !== 'onnx' || runsOn === proof.proved) return classifier;
  const { manifest, folder } = proof.bundle;
  const golden = await deps.checkGoldenFrames(classifier, manifest, folder).catch(async (error: unknown) => {
    await classifier.release();
    throw error;
  });
  if (golden.kind === 'passed') return classifier;
  await classifier.release();
  const detail = describeMismatch(golden);
  if (runsOn === 'cpu') throw agentError('SELFTEST_FAILED', detail);
  deps.log.warn({ provider: runsOn, detail }, 'model gives other results there, the processor runs it');
  return openProved({ ...spec, accelerator: 'cpu' }, proof, deps, signal);
}

function tellSetbacks(setbacks: readonly ProviderSetback[], log: Logger): void {
  for (const { provider, why } of setbacks) log.warn({ provider, why }, 'provider does not run the model');
}
