/** What may still be taken; below zero is a debt that time pays. */
export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** As much as flows in this long may come at once. */
const BURST_SEC = 1;

/** A full bucket. */
export function fillBucket(perSec: number, nowMs: number): TokenBucket {
  return { tokens: perSec * BURST_SEC, atMs: nowMs };
}

/**
 * Takes `count` tokens, which came already: the bucket goes into debt, and `waitMs` is how long it takes to pay it.
 * Over any time, what was taken stays under `perSec` times that time, and a burst.
 */
export function takeTokens(
  bucket: TokenBucket,
  count: number,
  perSec: number,
  nowMs: number,
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  const passedSec = Math.max(0, nowMs - bucket.atMs) / 1000;
  const filled = Math.min(perSec * BURST_SEC, bucket.tokens + passedSec * perSec);
  const tokens = filled - count;
  return { bucket: { tokens, atMs: nowMs }, waitMs: tokens < 0 ? Math.ceil((-tokens / perSec) * 1000) : 0 };
}
