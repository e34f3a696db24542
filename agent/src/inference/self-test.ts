import { type AppError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { SelfTestFindings, VariantTrial } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Clock } from '../kernel/clock.ts';
import { type AgentErrorCode, agentError } from '../kernel/errors.ts';
import { computePercentiles } from '../kernel/pace.ts';
import { describeMismatch } from './golden.ts';
import { measureRuns } from './measured-runs.ts';
import { type BundleFiles, composeModelSpec } from './model-spec.ts';
import type { CheckGoldenFrames, InferenceHost, SelfTest, SelfTestResult, SelfTestSettings } from './port.ts';
import { computeRuns, type PlannedTrial, planTrials, type TrialBox, WARM_UP_RUNS } from './trial-plan.ts';
import { chooseTrial, findExcess, findMostTelling, type TrialMeasures } from './trial-verdict.ts';

export interface SelfTestDeps {
  readonly host: InferenceHost;
  readonly checkGoldenFrames: CheckGoldenFrames;
  /** Of this box's processor. */
  readonly readCpuFeatures: () => Promise<ReadonlySet<string> | undefined>;
  readonly hasRuntime: TrialBox['hasRuntime'];
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
  readonly limits?: Partial<SelfTestLimits>;
}

export interface SelfTestLimits {
  /** One trial that takes longer has failed. */
  readonly trialMs: number;
  /** No trial is begun after this. */
  readonly totalMs: number;
}

const LIMITS: SelfTestLimits = { trialMs: 120_000, totalMs: 600_000 };
const DETAIL_CHARS = 400;

export function createSelfTest(deps: SelfTestDeps): SelfTest {
  const { clock, log } = deps;
  const { trialMs, totalMs } = { ...LIMITS, ...deps.limits };
  return async (bundle, settings, signal) => {
    const { hasRuntime } = deps;
    const box = { ...settings, hasRuntime, cpuFeatures: await deps.readCpuFeatures() };
    const endsAtMs = clock.monotonicMs() + totalMs;
    const trials: VariantTrial[] = [];
    for (const planned of planTrials(bundle.manifest.variants, box)) {
      const isInTime = clock.monotonicMs() < endsAtMs;
      const trial = isInTime
        ? await tryOnce({ planned, bundle, settings, signal, trialMs }, deps)
        : skip(planned, 'the time of the self-test was over');
      log.info(trial, 'variant tried');
      trials.push(trial);
    }
    return conclude(trials);
  };
}

function conclude(trials: readonly VariantTrial[]): SelfTestResult {
  const chosen = chooseTrial(trials);
  const findings: SelfTestFindings = {
    kind: 'self_test',
    trials: [...trials],
    ...(chosen && { chosen }),
  };
  if (chosen !== undefined) return { kind: 'passed', choice: chosen, findings };
  return { kind: 'failed', ...findMostTelling(trials), findings };
}

interface Trial {
  readonly planned: PlannedTrial;
  readonly bundle: BundleFiles;
  readonly settings: SelfTestSettings;
  readonly signal: AbortSignal;
  readonly trialMs: number;
}

/** Rejects with the reason of the signal, or for a bug; everything else is a finding. */
async function tryOnce(trial: Trial, deps: SelfTestDeps): Promise<VariantTrial> {
  const { planned, bundle, settings, signal, trialMs } = trial;
  if (planned.unfit !== undefined) return skip(planned, planned.unfit);
  signal.throwIfAborted();
  const inTime = AbortSignal.timeout(trialMs);
  try {
    const measures = await measure(trial, AbortSignal.any([signal, inTime]), deps);
    const { maxMemoryBytes } = settings;
    const excess = findExcess(measures, { maxMemoryBytes, requires: bundle.manifest.requires });
    return { ...idOf(planned), outcome: excess === undefined ? 'passed' : 'failed', ...excess, ...measures };
  } catch (error) {
    signal.throwIfAborted();
    if (inTime.aborted) return fail(planned, 'SELFTEST_TOO_SLOW', `it took longer than ${trialMs / 1000} s`);
    if (!isAppError(error)) throw error;
    return fail(planned, SELF_TEST_CODES[error.code] ?? error.code, describeCauses(error));
  }
}

/** What a guard of the process calls it, in the words of the self-test. */
const SELF_TEST_CODES: Readonly<Record<string, AgentErrorCode>> = {
  INFERENCE_TIMEOUT: 'SELFTEST_TOO_SLOW',
  INFERENCE_MEMORY: 'SELFTEST_MEMORY',
};

/** Loads the variant in a process that is gone when this settles. */
async function measure(
  { planned, bundle, settings }: Trial,
  signal: AbortSignal,
  { host, checkGoldenFrames }: SelfTestDeps,
): Promise<TrialMeasures> {
  const { manifest, folder } = bundle;
  const { spinning } = settings;
  const spec = composeModelSpec(bundle, planned.variant, { threads: planned.threads, spinning });
  const classifier = await host.start(spec, signal);
  try {
    const { p50: runMs } = computePercentiles(await measureRuns(classifier, manifest.input, WARM_UP_RUNS));
    const golden = await checkGoldenFrames(classifier, manifest, folder);
    if (golden.kind === 'failed') throw agentError('SELFTEST_FAILED', describeMismatch(golden));
    const { p50, p95 } = computePercentiles(
      await measureRuns(classifier, manifest.input, computeRuns(runMs)),
    );
    const rssBytes = await classifier.peakMemoryBytes();
    const inferMs = { p50: roundMs(p50), p95: roundMs(p95) };
    return { inferMs, ...(rssBytes !== undefined && { rssBytes }) };
  } finally {
    await classifier.release();
  }
}

const roundMs = (ms: number): number => Math.round(ms * 100) / 100;
const idOf = ({ variant, threads }: PlannedTrial) => ({ variant: variant.name, threads });

function skip(planned: PlannedTrial, detail: string): VariantTrial {
  return { ...idOf(planned), outcome: 'skipped', code: 'BUNDLE_UNFIT', detail };
}

function fail(planned: PlannedTrial, code: string, detail: string): VariantTrial {
  return { ...idOf(planned), outcome: 'failed', code, detail: detail.slice(0, DETAIL_CHARS) };
}

const describeCauses = ({ message, cause }: AppError): string =>
  cause instanceof Error ? `${message} (${cause.message})` : message;
