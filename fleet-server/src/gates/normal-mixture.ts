/** A difference, how far estimates of it scatter, and about how large one that matters is. */
export interface Difference {
  /** Estimate less the value tested. */
  readonly difference: number;
  /** Variance of the estimate. */
  readonly variance: number;
  /** Standard deviation of the mixture: the test is strongest against differences of about this size. */
  readonly scale: number;
}

/**
 * E-value against "the difference is 0": mixture sequential probability ratio test (Robbins 1970; Johari et al. 2015),
 * Λ = sqrt(V/(V+τ²)) exp(τ²d²/(2V(V+τ²))). The mean of Λ is 1 however often one looks, as long as the increments of the
 * estimate are independent in information 1/V. That is so for sums of independent observations, and for means over
 * devices that keep a deviation of their own (Jennison & Turnbull 2000, ch. 11), provided V counts devices, not frames.
 */
export function mixtureE({ difference, variance, scale }: Difference): number {
  const tau2 = scale ** 2;
  const total = variance + tau2;
  return Math.sqrt(variance / total) * Math.exp((tau2 * difference ** 2) / (2 * variance * total));
}

/**
 * The normal deviate with the tail of a Student's t: `t` when the variance is known well, less when it was estimated
 * from a few devices. Wallace (1959), within 0.01 for 5 degrees of freedom or more, on the safe side for fewer.
 */
export function normalOf(t: number, freedom: number): number {
  if (freedom <= 0) return 0;
  const size = Math.sqrt(freedom * Math.log1p(t ** 2 / freedom)) * ((8 * freedom + 1) / (8 * freedom + 3));
  return Math.sign(t) * size;
}
