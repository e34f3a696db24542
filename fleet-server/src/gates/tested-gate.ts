import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import type { Effect } from './device-effects.ts';
import { mixtureE, mixtureHalfWidth, normalOf } from './normal-mixture.ts';
import type { GateEvidence, GateJudgement } from './port.ts';
import { judgeOpen } from './time-out.ts';

/** Of a false alarm, over all tested gates of a policy together; and of a false proof of each. */
export const ALPHA = 0.05;

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
  // As wide as a normal estimate of the same tail would have it: few devices know their own scatter badly.
  const scale = Math.max(Math.abs(limit), resolution);
  const half = widen(effect, scale);
  const why = finding.words({ low: estimate - half, high: estimate + half });
  const harmE = Math.min(computeHarmE(effect, limit, scale), agreedE);
  if (estimate + half <= limit) return { gate, verdict: 'pass', why, harmE };
  const isSoaked = evidence.nowMs >= evidence.soakEndsAtMs;
  if (isSoaked && estimate <= limit && setting.passWhen !== 'proof')
    return { gate, verdict: 'pass', why: `soaked without harm: ${why}`, harmE };
  return { ...judgeOpen(setting, evidence, why), harmE };
}

function computeHarmE({ estimate, variance, freedom }: Effect, limit: number, scale: number): number {
  // Less than the limit is no harm, and no evidence of any.
  if (estimate <= limit) return 0;
  const deviate = normalOf((estimate - limit) / Math.sqrt(variance), freedom);
  return mixtureE({ difference: deviate * Math.sqrt(variance), variance, scale });
}

/** Half the width at which the deviate of the e-value's test is reached, by the scale of the t. */
function widen({ variance, freedom }: Effect, scale: number): number {
  const deviate = mixtureHalfWidth(variance, scale, ALPHA) / Math.sqrt(variance);
  if (freedom <= 0) return Infinity;
  const factor = (8 * freedom + 3) / (8 * freedom + 1);
  return Math.sqrt(freedom * Math.expm1((deviate * factor) ** 2 / freedom)) * Math.sqrt(variance);
}
