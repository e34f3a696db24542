import type { ClockState } from '@watchpost/shared/messages/durable.ts';

/** What is known about the wall clock. Unix milliseconds. */
export interface ClockEvidence {
  readonly wallMs: number;
  /** The system says that it is in step with a time server. */
  readonly isSynced: boolean;
  /** When this program was released. */
  readonly releasedMs: number;
  /** The latest time this box has seen. */
  readonly lastSeenMs: number;
}

/** `behind`: it shows a time that is over, so nothing can be said to be early or late. */
export type ClockVerdict = ClockState;

/** Steps of a clock that is kept in step, and what a machine that is switched off hard forgets. */
const SLACK_MS = 5 * 60_000;

export function judgeClock({ wallMs, isSynced, releasedMs, lastSeenMs }: ClockEvidence): ClockVerdict {
  if (isSynced) return 'synced';
  return wallMs >= Math.max(lastSeenMs, releasedMs) - SLACK_MS ? 'plausible' : 'behind';
}

/**
 * The latest time to remember: a clock in step corrects what a wrong one left behind, any other only moves it on.
 */
export function computeLastSeenMs(evidence: ClockEvidence): number {
  return judgeClock(evidence) === 'synced' ? evidence.wallMs : Math.max(evidence.wallMs, evidence.lastSeenMs);
}
