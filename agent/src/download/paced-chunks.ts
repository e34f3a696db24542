import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { fillBucket, takeTokens } from './token-bucket.ts';

export type Pace = (chunks: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Holds all downloads together under a rate: what is not read yet slows the sender down. */
export function createPace(maxBytesPerSec: number): Pace {
  let bucket = fillBucket(maxBytesPerSec, performance.now());
  return async function* paced(chunks, signal) {
    for await (const chunk of chunks) {
      const taken = takeTokens(bucket, chunk.length, maxBytesPerSec, performance.now());
      bucket = taken.bucket;
      yield chunk;
      if (taken.waitMs > 0) await waitMs(taken.waitMs, signal);
      signal.throwIfAborted();
    }
  };
}
