import { findMissingFeatures } from '@watchpost/shared/bundle/cpu-features.ts';
import type { Variant } from '@watchpost/shared/bundle/manifest.ts';
import type { Provider } from '@watchpost/shared/bundle/providers.ts';

/** What decides which trials are worth their time. */
export interface TrialBox {
  /** Only this number of threads. */
  readonly threads?: number;
  readonly cores: number;
  /** Undefined where the system does not tell. */
  readonly cpuFeatures: ReadonlySet<string> | undefined;
  readonly hasRuntime: (runtime: Variant['runtime']) => boolean;
  /** What can run ONNX models beside the processor. */
  readonly providers?: readonly Provider[];
}

/** One variant with one number of threads, on the processor unless told otherwise. */
export interface PlannedTrial {
  readonly variant: Variant;
  readonly threads: number;
  readonly provider?: Provider;
  /** Why this box cannot run it. */
  readonly unfit?: string;
}

/** Beyond four threads, small models gain nothing. */
const THREADS = [1, 2, 4];
/** As many as the findings may list. */
const MAX_TRIALS = 64;
const MIN_RUNS = 10;
const MAX_RUNS = 100;
/** What the measured runs of one trial may take together. */
const MEASURE_MS = 20_000;

/** The variants in the order of the manifest, each with rising numbers of threads, then on what else there is. */
export function planTrials(variants: readonly Variant[], box: TrialBox): readonly PlannedTrial[] {
  return variants.flatMap((variant) => planVariant(variant, box)).slice(0, MAX_TRIALS);
}

function planVariant(variant: Variant, box: TrialBox): readonly PlannedTrial[] {
  const counts = box.threads === undefined ? THREADS.filter((count) => count <= box.cores) : [box.threads];
  const [fewest = 1] = counts;
  const missing = findMissingFeatures(variant.cpuFeatures, box.cpuFeatures);
  if (!box.hasRuntime(variant.runtime))
    return [{ variant, threads: fewest, unfit: `the runtime ${variant.runtime} is not installed` }];
  if (missing.length > 0)
    return [{ variant, threads: fewest, unfit: `the processor lacks ${missing.join(', ')}` }];
  // TensorFlow.js chooses its threads itself.
  if (variant.runtime === 'tfjs') return [{ variant, threads: fewest }];
  // There, the threads of the processor do next to nothing.
  const elsewhere = (box.providers ?? []).map((provider) => ({ variant, threads: fewest, provider }));
  return [...counts.map((threads) => ({ variant, threads })), ...elsewhere];
}

/** Runs before any is measured: caches fill, and the pace shows. */
export const WARM_UP_RUNS = 5;

/**
 * Runs to be measured: 100, or as many as fit into 20 s where a run is slow, but at least 10.
 * @param runMs of one run after the warm-up
 */
export function computeRuns(runMs: number): number {
  return Math.min(MAX_RUNS, Math.max(MIN_RUNS, Math.floor(MEASURE_MS / Math.max(runMs, 0.001))));
}
