import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import type { Bounds, Effect, Estimate } from './device-effects.ts';
import { mixtureE, normalOf } from './normal-mixture.ts';
import type { GateEvidence, GateJudgement } from './port.ts';
import { judgeOpen } from './time-out.ts';

/** Of a false alarm, over all tested gates of a policy together; and of a false proof of each. */
export const ALPHA = 0.05;
/** Differences that are looked for, in limits. */
const SCALES = [1, 4, 16];
const MAX_STEPS = 30;

/** As much as one device counts for, in limits: a bundle is not taken back for one camera. */
const CAP = 5;

export const boundsOf = (limit: number, resolution: number): Bounds => ({
  spread: resolution,
  cap: limit + (CAP - 1) * scaleOf(limit, resolution),
});

const scaleOf = (limit: number, resolution: number): number => Math.max(Math.abs(limit), resolution);

/** What a tested gate found out; larger is worse. */
export interface Finding {
  readonly effect: Effect;
  /** As much as is allowed, in the terms of the effect. */
  readonly limit: number;
  /** No finer is measured. */
  readonly resolution: number;
  /** Caps the e-value where a second test has to agree. */
  readonly agreedE?: number;
  /** The numbers, in words. */
  readonly words: (interval: { readonly low: number; readonly high: number }) => string;
}

/**
 * `pass` when the harm is shown to be within the limit, or, unless the policy asks for proof, when the soak is over and
 * the estimate is within it. What fails is decided over all gates, from `harmE`.
 */
export function judgeTested(
  setting: GateSetting,
  evidence: GateEvidence,
  finding: Finding | string,
): GateJudgement {
  const gate = setting.gate;
  if (typeof finding === 'string') return judgeOpen(setting, evidence, finding);
  const { effect, limit, resolution, agreedE = Infinity } = finding;
  const { estimate } = effect;
  const scale = scaleOf(limit, resolution);
  const half = findHalfWidth(effect, scale);
  const why = finding.words({ low: estimate - half, high: estimate + half });
  const excess = effect.capped.estimate - limit;
  // Less than the limit is no harm, and no evidence of any.
  const harmE = excess <= 0 ? 0 : Math.min(computeE(effect.capped, excess, scale), agreedE);
  if (estimate + half <= limit) return { gate, verdict: 'pass', why, harmE };
  const isSoaked = evidence.nowMs >= evidence.soakEndsAtMs;
  if (isSoaked && estimate <= limit && setting.passWhen !== 'proof')
    return { gate, verdict: 'pass', why: `soaked without harm: ${why}`, harmE };
  return { ...judgeOpen(setting, evidence, why), harmE };
}

/** Against "the estimate is off by `excess`": the mean of tests for small, large and very large differences. */
function computeE({ variance, freedom }: Estimate, excess: number, scale: number): number {
  // Few devices know their own scatter badly: their t is worth less than a normal deviate of its size.
  const difference = normalOf(excess / Math.sqrt(variance), freedom) * Math.sqrt(variance);
  const tests = SCALES.map((factor) => mixtureE({ difference, variance, scale: scale * factor }));
  return tests.reduce((sum, e) => sum + e, 0) / tests.length;
}

/** Half the width of the confidence sequence: what is further off has an e-value above 1/alpha. */
function findHalfWidth(estimate: Estimate, scale: number): number {
  const isOff = (excess: number): boolean => computeE(estimate, excess, scale) >= 1 / ALPHA;
  let high = Math.sqrt(estimate.variance);
  for (let step = 0; !isOff(high); step += 1) {
    if (step === MAX_STEPS) return Infinity;
    high *= 2;
  }
  let low = 0;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (isOff(middle)) high = middle;
    else low = middle;
  }
  return high;
}
