import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';

export interface OutlastDeps {
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/** Says nothing of what is read: this box cannot look now. */
const PASSING = ['DISK_FULL', 'STORE_FAILED'];
const LOOK_AGAIN: BackoffPolicy = { baseMs: 2_000, maxMs: 60_000 };

/**
 * Reads again while the disk is full or fails.
 * @param what is read, for the log
 * @returns undefined when `signal` was aborted first
 */
export async function outlastDisk<Content>(
  what: string,
  read: () => Promise<Content>,
  { wait, log }: OutlastDeps,
  signal: AbortSignal,
): Promise<Content | undefined> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AppError && PASSING.includes(error.code))) throw error;
      if (attempt === 0)
        log.warn({ code: error.code, error: describeError(error) }, `${what} cannot be read yet`);
      await wait(computeBackoffMs(LOOK_AGAIN, attempt, 1), signal);
    }
  }
  return undefined;
}
