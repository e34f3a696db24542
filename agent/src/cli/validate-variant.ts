import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import type { MeasuredVariant, ValidationCheck } from '@watchpost/shared/bundle/validation-report.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createChildProcessHost } from '../inference/child-process-host.ts';
import { checkGoldenFrames, describeMismatch } from '../inference/golden.ts';
import { measureRuns } from '../inference/measured-runs.ts';
import { composeModelSpec } from '../inference/model-spec.ts';
import type { Classifier, HostedClassifier } from '../inference/port.ts';
import { computePercentiles } from '../kernel/pace.ts';

export interface MeasureJob {
  readonly manifest: Manifest;
  readonly variant: Variant;
  /** Holds the files of the manifest. */
  readonly folder: string;
}

export interface MeasureResult {
  readonly checks: readonly ValidationCheck[];
  /** Absent when the variant could not be run. */
  readonly measured?: MeasuredVariant;
}

/** Runs behind a latency. */
const RUNS = 30;
/** As on a box: the defaults of `inference.threads` and `inference.spinning`. */
const THREADS = 1;

/**
 * Loads one variant in the process a box would load it in, which checks its input, output and labels; then golden
 * frames, and pictures of every kind, whose results must be finite.
 */
export async function measureVariant(job: MeasureJob): Promise<MeasureResult> {
  const checks: ValidationCheck[] = [];
  const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
  let classifier: HostedClassifier | undefined;
  let doing = 'loads';
  try {
    classifier = await host.start(composeModelSpec(job, job.variant, { threads: THREADS, spinning: false }));
    checks.push({ name: doing, passed: true, detail: describeInterface(job.manifest) });
    doing = 'golden frames';
    checks.push({ name: doing, ...(await compareGolden(classifier, job)) });
    doing = 'finite outputs';
    const latencies = await measureRuns(classifier, job.manifest.input, RUNS);
    checks.push({ name: doing, passed: true, detail: `${latencies.length} runs` });
    const peakMemoryBytes = await classifier.peakMemoryBytes();
    const measured = describeRuns({ job, classifier, latencies });
    return { checks, measured: { ...measured, ...(peakMemoryBytes !== undefined && { peakMemoryBytes }) } };
  } catch (error) {
    if (!isAppError(error)) throw error;
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    return { checks: [...checks, { name: doing, passed: false, detail: `${describeError(error)}${cause}` }] };
  } finally {
    await classifier?.release();
  }
}

function describeInterface({ input, output }: Manifest): string {
  return `${input.name} ${input.dtype} ${input.layout} ${input.width}x${input.height}, ${output.labels.length} labels`;
}

async function compareGolden(classifier: Classifier, { manifest, folder }: MeasureJob) {
  if (manifest.golden.length === 0) return { passed: true, detail: 'the bundle has none' };
  const outcome = await checkGoldenFrames(classifier, manifest, folder);
  if (outcome.kind === 'passed')
    return { passed: true, detail: `${manifest.golden.length} frames as expected` };
  return { passed: false, detail: describeMismatch(outcome) };
}

interface Runs {
  readonly job: MeasureJob;
  readonly classifier: Classifier;
  readonly latencies: readonly number[];
}

function describeRuns({ job: { variant }, classifier, latencies }: Runs): MeasuredVariant {
  const { p50, p95 } = computePercentiles(latencies);
  return {
    name: variant.name,
    runtime: variant.runtime,
    executionProviders: [...classifier.executionProviders],
    runs: latencies.length,
    latencyP50Ms: roundMs(p50),
    latencyP95Ms: roundMs(p95),
  };
}

const roundMs = (ms: number): number => Math.round(ms * 100) / 100;
