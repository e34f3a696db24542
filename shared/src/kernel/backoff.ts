/** Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter", 2015). */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Wait before attempt `attempt` (0 = first retry): uniform in [0, min(max, base * 2^attempt)], never under a
 * tenth of that bound, so that a zero draw does not spin.
 * @param random01 a draw from [0, 1)
 */
export function computeBackoffMs(policy: BackoffPolicy, attempt: number, random01: number): number {
  const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(bound * (0.1 + 0.9 * random01));
}
