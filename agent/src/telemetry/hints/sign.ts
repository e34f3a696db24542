import type { Hint } from '@watchpost/shared/messages/telemetry.ts';
import type { HintPoint } from './hint-point.ts';

/** How near a machine is to a failure of one kind. */
export interface Sign extends Pick<Hint, 'code' | 'evidence' | 'text'> {
  readonly subject?: string;
  /** 1 where it begins to matter; twice that is twice as near, or twice as bad. */
  readonly score: number;
  /** What it is at 1. */
  readonly severity: 'notice' | 'warning';
  /** From which score on it is urgent. */
  readonly urgentAt: number;
}

export const MINUTE_SEC = 60;
export const HOUR_SEC = 3_600;
export const DAY_SEC = 86_400;
/** What a trend of a day needs at least. */
export const DAY_SPAN_SEC = 6 * HOUR_SEC;
export const MB = 1_000_000;

/** A score is a number also where nothing is left. */
const MAX_SCORE = 100;
export const scoreOf = (limit: number, left: number): number =>
  Math.min(MAX_SCORE, limit / Math.max(left, 1e-9));

/** The points of the last `sec` seconds. */
export const since = (history: readonly HintPoint[], last: HintPoint, sec: number): readonly HintPoint[] =>
  history.filter(({ atSec }) => last.atSec - atSec <= sec);

export const spanOf = (points: readonly { readonly x: number }[]): number =>
  (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
