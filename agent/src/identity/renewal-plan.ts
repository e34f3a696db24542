/** The dates of a certificate. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The part of its life after which a certificate is replaced, and how much later jitter may make that. */
const RENEW_AFTER = 2 / 3;
const JITTER = 1 / 20;

/**
 * How long to wait before asking for a new certificate. A wall clock before the certificate was made is wrong: the
 * age is unknown, so the answer is now.
 */
export function computeRenewalWaitMs(validity: Validity, wallMs: number, random01: number): number {
  const { notBeforeMs, notAfterMs } = validity;
  if (wallMs < notBeforeMs) return 0;
  const lifeMs = notAfterMs - notBeforeMs;
  return Math.max(0, notBeforeMs + lifeMs * (RENEW_AFTER + JITTER * random01) - wallMs);
}
