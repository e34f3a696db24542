import type { Accelerator, Provider } from '@watchpost/shared/bundle/providers.ts';
import { type AppError, describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { SelfTestFindings, VariantTrial } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Clock } from '../kernel/clock.ts';
import { type AgentErrorCode, agentError } from '../kernel/errors.ts';
import { computePercentiles } from '../kernel/pace.ts';
import { describeMismatch } from './golden.ts';
import { measureRuns } from './measured-runs.ts';
import { type BundleFiles, composeModelSpec } from './model-spec.ts';
import type {
  CheckGoldenFrames,
  Classifier,
  InferenceHost,
  SelfTest,
  SelfTestResult,
  SelfTestSettings,
} from './port.ts';
import { planProviders } from './provider-plan.ts';
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
    const { providers, unavailable } = await findProviders(deps, settings.accelerator ?? 'cpu', signal);
    const box = { ...settings, hasRuntime, providers, cpuFeatures: await deps.readCpuFeatures() };
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
    return conclude(trials, unavailable, settings.accelerator);
  };
}

interface FoundProviders {
  /** Worth a trial, beside the processor. */
  readonly providers: readonly Provider[];
  readonly unavailable: NonNullable<SelfTestFindings['unavailable']>;
}

async function findProviders(
  { host, log }: SelfTestDeps,
  asked: Accelerator,
  signal: AbortSignal,
): Promise<FoundProviders> {
  if (asked === 'cpu') return { providers: [], unavailable: [] };
  try {
    const probes = await host.probeProviders(signal);
    const { tries, setbacks } = planProviders(
      asked,
      probes.map(({ provider }) => provider),
    );
    const told = [...probes.filter(({ provider }) => tries.includes(provider)), ...setbacks];
    const unavailable = told.flatMap(({ provider, why }) =>
      why === undefined ? [] : [{ provider, detail: why }],
    );
    const isUsable = (provider: Provider): boolean =>
      provider !== 'cpu' && unavailable.every((it) => it.provider !== provider);
    return { providers: tries.filter(isUsable), unavailable };
  } catch (error) {
    signal.throwIfAborted();
    if (!isAppError(error)) throw error;
    log.warn({ error: describeError(error) }, 'what else could run models is not known');
    return { providers: [], unavailable: [] };
  }
}

function conclude(
  trials: readonly VariantTrial[],
  unavailable: FoundProviders['unavailable'],
  asked: Accelerator = 'cpu',
): SelfTestResult {
  const chosen = chooseTrial(trials, asked === 'auto' ? undefined : asked);
  const findings: SelfTestFindings = {
    kind: 'self_test',
    trials: [...trials],
    ...(chosen && { chosen }),
    ...(unavailable.length > 0 && { unavailable }),
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
  const { threads, provider = 'cpu' } = planned;
  const spec = composeModelSpec(bundle, planned.variant, { threads, spinning, accelerator: provider });
  const classifier = await host.start(spec, signal);
  try {
    checkProvider(classifier, planned);
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

/** Where a provider does not take a model the processor stands in, which has a trial of its own. */
function checkProvider({ executionProviders, setbacks = [] }: Classifier, { provider }: PlannedTrial): void {
  if (provider === undefined || executionProviders[0] === provider) return;
  const why = setbacks.find((setback) => setback.provider === provider)?.why ?? 'the processor runs it';
  throw agentError('MODEL_UNREADABLE', `${provider} does not take it: ${why}`);
}

const roundMs = (ms: number): number => Math.round(ms * 100) / 100;
const idOf = ({ variant, threads, provider }: PlannedTrial) => ({
  ...{ variant: variant.name, threads },
  ...(provider !== undefined && { provider }),
});

function skip(planned: PlannedTrial, detail: string): VariantTrial {
  return { ...idOf(planned), outcome: 'skipped', code: 'BUNDLE_UNFIT', detail };
}

function fail(planned: PlannedTrial, code: string, detail: string): VariantTrial {
  return { ...idOf(planned), outcome: 'failed', code, detail: detail.slice(0, DETAIL_CHARS) };
}

const describeCauses = ({ message, cause }: AppError): string =>
  cause instanceof Error ? `${message} (${cause.message})` : message;
