import type { VoteTiming } from './port.ts';

/** What was seen longer ago says nothing of now; three keyframes of a stream that has few of them fit in. */
const MAX_VOTE_AGE_MS = 30_000;
/** A slow camera needs the time to fill its window, and some of its frames may be lost. */
const WINDOWS = 2;
const LOST_AFTER_MS = 300_000;
const LOST_LOOKS = 3;

export interface LookPace {
  /** Looks of the model's window. */
  readonly window: number;
  /** Between two frames. */
  readonly intervalMs: number;
  /** Between two looks while nothing moves. */
  readonly lookMs: number;
}

/**
 * Long enough for a window at the pace of the camera, and at that of single looks for one that is slow anyway; short
 * enough that what a sighting rests on is recent. A camera that is away for minutes sees nothing in the meantime.
 */
export function computeVoteTiming({ window, intervalMs, lookMs }: LookPace): VoteTiming {
  return {
    maxVoteAgeMs: Math.max(MAX_VOTE_AGE_MS, WINDOWS * window * intervalMs),
    lostAfterMs: Math.max(LOST_AFTER_MS, LOST_LOOKS * lookMs),
  };
}
