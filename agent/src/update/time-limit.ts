import { agentError } from '../kernel/errors.ts';

/** How long work that was told to stop may take to do so. */
const GRACE_MS = 10_000;

/**
 * Does `work` within `limitMs`; without a limit, until it ends. Work that does not heed its signal is left to itself.
 * @throws AppError DEPLOYMENT_STEP_TIMEOUT; the reason of `signal` when it is aborted
 */
export async function doWithin<Result>(
  limitMs: number | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const late = Promise.withResolvers<never>();
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, run: () => void): void => {
    timers.push(setTimeout(run, ms).unref());
  };
  const onAbort = (): void => {
    ending.abort(signal.reason);
    after(GRACE_MS, () => late.reject(signal.reason));
  };
  if (limitMs !== undefined) {
    after(limitMs, () => {
      const error = agentError('DEPLOYMENT_STEP_TIMEOUT', `not done after ${Math.round(limitMs / 1000)} s`);
      late.reject(error);
      ending.abort(error);
    });
  }
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(ending.signal), late.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const timer of timers) clearTimeout(timer);
  }
}
