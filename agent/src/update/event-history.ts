/** Sightings opened in one hour of the wall clock, and how long the box looked in it. */
export interface EventHour {
  /** Hours since 1970. */
  readonly hour: number;
  readonly events: number;
  readonly coveredSec: number;
}

/** How much happens in front of this box's cameras; the newest hour last. */
export type EventHistory = readonly EventHour[];

export const HISTORY_HOURS = 7 * 24;
const HOUR_MS = 3_600_000;
const HOURS_PER_DAY = 24;
/** An hour of the day is known from here on. */
const MIN_COVERED_SEC = 3 * 3_600;

/** Adds what was seen in a short while before `nowMs`. */
export function addToHistory(
  history: EventHistory,
  seen: { readonly nowMs: number; readonly events: number; readonly coveredSec: number },
): EventHistory {
  const hour = Math.floor(seen.nowMs / HOUR_MS);
  const before = history.find((it) => it.hour === hour);
  const now: EventHour = {
    hour,
    events: (before?.events ?? 0) + seen.events,
    coveredSec: (before?.coveredSec ?? 0) + seen.coveredSec,
  };
  const others = history.filter((it) => it.hour !== hour);
  // By number, not by age: a clock that was wrong once forgets nothing.
  return [...others, now].sort((a, b) => a.hour - b.hour).slice(-HISTORY_HOURS);
}

/**
 * Events per second this box saw at this hour of the day in the last week.
 * @returns undefined while that hour is not known well enough
 */
export function computeUsualRate(history: EventHistory, nowMs: number): number | undefined {
  const now = Math.floor(nowMs / HOUR_MS);
  const alike = history.filter(
    ({ hour }) => hour <= now && hour > now - HISTORY_HOURS && hour % HOURS_PER_DAY === now % HOURS_PER_DAY,
  );
  const coveredSec = alike.reduce((total, it) => total + it.coveredSec, 0);
  if (coveredSec < MIN_COVERED_SEC) return undefined;
  return alike.reduce((total, it) => total + it.events, 0) / coveredSec;
}

/** Three standard deviations: one false alarm in 740 windows, were events independent. */
const Z = 3;

/**
 * Whether a number of events is another one than expected, beyond chance and by more than `maxRatio`. The bounds of a
 * Poisson count are Byar's approximation (Breslow and Day, Statistical Methods in Cancer Research II, 1987, p. 69).
 */
export function judgeEventCount(
  observed: number,
  expected: number,
  maxRatio: number,
): 'as_usual' | 'too_many' | 'too_few' {
  if (observed > expected * maxRatio && lowerBound(observed) > expected) return 'too_many';
  if (observed * maxRatio < expected && upperBound(observed) < expected) return 'too_few';
  return 'as_usual';
}

function lowerBound(count: number): number {
  return count === 0 ? 0 : count * (1 - 1 / (9 * count) - Z / (3 * Math.sqrt(count))) ** 3;
}

function upperBound(count: number): number {
  const next = count + 1;
  return next * (1 - 1 / (9 * next) + Z / (3 * Math.sqrt(next))) ** 3;
}
