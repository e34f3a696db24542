/** Bytes below this, averaged over the window, are no download. */
export interface ThroughputPolicy {
  readonly minBytesPerSec: number;
  readonly windowMs: number;
}

/** What came in the window that runs, and how long was waited for it. */
export interface Throughput {
  readonly bytes: number;
  readonly waitedMs: number;
}

export const NO_THROUGHPUT: Throughput = { bytes: 0, waitedMs: 0 };

/**
 * Adds a chunk that was waited for. Only waiting counts: the time the receiver takes is not the sender's.
 * @returns undefined when the window is over and too little came in it
 */
export function observeChunk(
  before: Throughput,
  chunk: Throughput,
  { minBytesPerSec, windowMs }: ThroughputPolicy,
): Throughput | undefined {
  const bytes = before.bytes + chunk.bytes;
  const waitedMs = before.waitedMs + chunk.waitedMs;
  if (waitedMs < windowMs) return { bytes, waitedMs };
  return bytes * 1000 < minBytesPerSec * waitedMs ? undefined : NO_THROUGHPUT;
}
