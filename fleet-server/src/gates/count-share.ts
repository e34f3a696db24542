/** Lanczos, g = 7, n = 9: relative error under 1e-14. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** @param x above 0 */
export function lnGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const [first, ...rest] = LANCZOS;
  const shifted = x - 1;
  const sum = rest.reduce((total, factor, index) => total + factor / (shifted + index + 1), first as number);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

const lnBeta = (a: number, b: number): number => lnGamma(a) + lnGamma(b) - lnGamma(a + b);

export interface SharedCounts {
  readonly own: number;
  readonly others: number;
  /** Of `own` in the sum, if nothing is wrong; between 0 and 1. */
  readonly expectedShare01: number;
  /** Counts the prior is worth: 1 wide, 10 000 the default of ssrm. */
  readonly concentration: number;
}

/**
 * E-value against "`own` has the share of the events that it has of the exposure": given the sum, beta-binomial against
 * binomial (Lindon & Malek 2022; Optimizely's ssrm). Whenever one looks, its mean is 1 if the events are independent of
 * each other; it says nothing where a single device has them in bursts.
 */
export function countShareE({ own, others, expectedShare01, concentration }: SharedCounts): number {
  const alpha = concentration * expectedShare01;
  const beta = concentration * (1 - expectedShare01);
  const lnE =
    lnBeta(alpha + own, beta + others) -
    lnBeta(alpha, beta) -
    own * Math.log(expectedShare01) -
    others * Math.log(1 - expectedShare01);
  return Math.exp(lnE);
}
