/** Slows down whoever guesses. In memory: a restart forgives. */
export interface Throttle {
  /** How long to wait before the next attempt, in ms; 0 = go on. */
  waitMs(key: string, nowMs: number): number;
  /** Counts an attempt. */
  count(key: string, nowMs: number): void;
  /** One attempt counted was none: it succeeded. */
  takeBack(key: string): void;
  /** Forgets every attempt. */
  forget(key: string): void;
}

export interface ThrottleRule {
  /** Attempts in a row without a pause. */
  readonly freeAttempts: number;
  readonly longestMs: number;
}

interface Attempts {
  readonly count: number;
  readonly lastAtMs: number;
}

const BASE_MS = 1000;
const FORGOTTEN_MS = 300_000;
/** Keys remembered; beyond it, the one longest untouched is forgotten. */
const MAX_KEYS = 10_000;

/** After the free attempts each further one waits twice as long as the one before, up to `longestMs`. */
export function createThrottle({ freeAttempts, longestMs }: ThrottleRule): Throttle {
  const attempts = new Map<string, Attempts>();
  const nextAtMs = ({ count, lastAtMs }: Attempts): number =>
    count < freeAttempts ? lastAtMs : lastAtMs + Math.min(longestMs, BASE_MS * 2 ** (count - freeAttempts));
  return {
    waitMs: (key, nowMs) => {
      const before = attempts.get(key);
      if (before === undefined || before.count < freeAttempts) return 0;
      // A clock that was set back makes nobody wait for it.
      return Math.min(longestMs, Math.max(0, nextAtMs(before) - nowMs));
    },
    count: (key, nowMs) => {
      const before = attempts.get(key);
      const isForgotten = before === undefined || nowMs - nextAtMs(before) > FORGOTTEN_MS;
      attempts.delete(key);
      attempts.set(key, { count: isForgotten ? 1 : before.count + 1, lastAtMs: nowMs });
      const [oldest] = attempts.keys();
      if (attempts.size > MAX_KEYS && oldest !== undefined) attempts.delete(oldest);
    },
    takeBack: (key) => {
      const before = attempts.get(key);
      if (before === undefined || before.count <= 1) attempts.delete(key);
      else attempts.set(key, { ...before, count: before.count - 1 });
    },
    forget: (key) => {
      attempts.delete(key);
    },
  };
}
