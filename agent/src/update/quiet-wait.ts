import type { Clock } from '../kernel/clock.ts';
import type { DeploymentJournal } from './deployment-journal.ts';
import { DONE, type Outcome } from './deployment-work.ts';

export interface QuietWaitDeps {
  readonly journal: DeploymentJournal;
  /** Whether no sighting is open on any camera; always so where it is not given. */
  readonly isQuiet?: () => boolean;
  /** False while the clock was not set yet: then the wait does not come to its time. */
  readonly isClockTrusted?: () => boolean;
  readonly clock: Clock;
  /** Waits between two looks. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const TICK_MS = 1_000;
/** Without a break: after a start of the agent the cameras need a moment to see what is there. */
const QUIET_MS = 30_000;

/**
 * Waits until nothing has been seen for a while, or the time of the order has come. What was waited is not kept over a
 * restart: quiet has to be seen again, and the time of the order stands.
 */
export async function waitForQuiet(deps: QuietWaitDeps, signal: AbortSignal): Promise<Outcome> {
  const { journal, isQuiet = () => true, isClockTrusted, clock, wait } = deps;
  const untilMs = journal.record()?.softUntilMs ?? 0;
  const isTime = (): boolean => isClockTrusted?.() !== false && clock.wallMs() >= untilMs;
  let quietSinceMs: number | undefined;
  while (!isTime()) {
    const nowMs = clock.monotonicMs();
    quietSinceMs = isQuiet() ? (quietSinceMs ?? nowMs) : undefined;
    if (quietSinceMs !== undefined && nowMs - quietSinceMs >= QUIET_MS) break;
    await wait(TICK_MS, signal);
    signal.throwIfAborted();
  }
  return DONE;
}
