import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after `ms`, or at once when `signal` is aborted: the caller's loop then looks at the signal. */
export async function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
