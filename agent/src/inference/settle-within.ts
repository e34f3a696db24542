import { waitMs } from '@watchpost/shared/kernel/wait.ts';

/** Resolves when `work` has settled in any way, or after `limitMs`. */
export async function settleWithin(work: Promise<unknown>, limitMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([work.catch(() => undefined), waitMs(limitMs, over.signal)]);
  over.abort();
}
