import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { Provider } from '@watchpost/shared/bundle/providers.ts';
import type { ModelChoice, VariantTrial } from '@watchpost/shared/messages/deployment-findings.ts';
import type { AgentErrorCode } from '../kernel/errors.ts';

export interface TrialLimits {
  readonly maxMemoryBytes: number;
  readonly requires: Manifest['requires'];
}

export interface TrialMeasures {
  readonly inferMs: { readonly p50: number; readonly p95: number };
  /** Absent where the system does not tell. */
  readonly rssBytes?: number;
}

export interface TrialFault {
  readonly code: AgentErrorCode;
  readonly detail: string;
}

/** Where a sound trial is still too slow or too large for this box. */
export function findExcess(measures: TrialMeasures, limits: TrialLimits): TrialFault | undefined {
  const { inferMs, rssBytes = 0 } = measures;
  const { latencyMs = Number.POSITIVE_INFINITY, ramBytes = Number.POSITIVE_INFINITY } = limits.requires;
  if (inferMs.p95 > latencyMs)
    return {
      code: 'SELFTEST_TOO_SLOW',
      detail: `p95 of ${inferMs.p95} ms is above the ${latencyMs} ms it requires`,
    };
  const maxBytes = Math.min(limits.maxMemoryBytes, ramBytes);
  if (rssBytes > maxBytes)
    return { code: 'SELFTEST_MEMORY', detail: `its process took ${rssBytes} bytes, ${maxBytes} are allowed` };
  return undefined;
}

/** Within this of the fastest, fewer threads are better: the cameras share the cores. */
const AS_FAST = 1.05;

/**
 * The fastest of those that passed, by p50: on a box whose cameras run on, p95 tells of what disturbed the runs and is
 * no measure to compare by. It is the limit that every one of them kept.
 * @param asked what is to run models where it can, however fast others are
 */
export function chooseTrial(trials: readonly VariantTrial[], asked?: Provider): ModelChoice | undefined {
  const sound = trials.flatMap(({ variant, threads, provider = 'cpu', outcome, inferMs }) =>
    outcome === 'passed' && inferMs !== undefined ? [{ variant, threads, provider, p50: inferMs.p50 }] : [],
  );
  const preferred = sound.filter(({ provider }) => provider === asked);
  const passed = preferred.length > 0 ? preferred : sound;
  const fastest = Math.min(...passed.map(({ p50 }) => p50));
  const [best] = passed
    .filter(({ p50 }) => p50 <= fastest * AS_FAST)
    .toSorted((one, other) => one.threads - other.threads || one.p50 - other.p50);
  if (best === undefined) return undefined;
  const { variant, threads, provider } = best;
  return { variant, threads, ...(provider !== 'cpu' && { provider }) };
}

/** From the failure of a model that came furthest to that of one that never ran. */
const TELLING: readonly string[] = [
  'SELFTEST_TOO_SLOW',
  'SELFTEST_MEMORY',
  'SELFTEST_FAILED',
  'MODEL_OUTPUT_INVALID',
  'LABELS_MISMATCH',
  'MODEL_MISMATCH',
  'MODEL_UNREADABLE',
  'INFERENCE_CRASHED',
] satisfies readonly AgentErrorCode[];

/** What to say of a bundle of which no trial passed. */
export function findMostTelling(trials: readonly VariantTrial[]): {
  readonly code: string;
  readonly detail: string;
} {
  const rank = ({ code = '' }: VariantTrial): number =>
    TELLING.includes(code) ? TELLING.indexOf(code) : TELLING.length;
  const [worst] = trials
    .filter(({ outcome }) => outcome === 'failed')
    .toSorted((one, other) => rank(one) - rank(other));
  if (worst !== undefined) return { code: worst.code ?? 'SELFTEST_FAILED', detail: describeTrial(worst) };
  const reasons = trials.map(describeTrial).join('; ');
  return { code: 'BUNDLE_UNFIT', detail: reasons || 'the bundle has no variant' };
}

function describeTrial({ variant, threads, provider, detail = '' }: VariantTrial): string {
  const where = provider === undefined ? '' : ` on ${provider}`;
  return `${variant}${where}, ${threads === 1 ? '1 thread' : `${threads} threads`}: ${detail}`;
}
