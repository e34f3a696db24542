/** Slows down whoever guesses passwords. In memory: a restart forgives. */
export interface LoginThrottle {
  /** Counts an attempt. @returns how long to wait first, in ms; 0 = go on */
  attempt(key: string, nowMs: number): number;
  succeed(key: string): void;
}

interface Attempts {
  readonly count: number;
  readonly nextAtMs: number;
}

const FREE_ATTEMPTS = 5;
const BASE_MS = 1000;
const MAX_MS = 300_000;
/** Keys remembered; beyond it, the one longest untouched is forgotten. */
const MAX_KEYS = 10_000;

/**
 * After five attempts in a row without success each further one waits twice as long, up to five minutes. An attempt
 * counts when it begins, so that many at once are no way around.
 */
export function createLoginThrottle(): LoginThrottle {
  const attempts = new Map<string, Attempts>();
  return {
    attempt: (key, nowMs) => {
      const before = attempts.get(key);
      if (before !== undefined && before.nextAtMs > nowMs) return before.nextAtMs - nowMs;
      const isForgotten = before === undefined || nowMs - before.nextAtMs > MAX_MS;
      const count = isForgotten ? 1 : before.count + 1;
      attempts.delete(key);
      attempts.set(key, { count, nextAtMs: nowMs + pauseAfter(count) });
      forgetOldest(attempts);
      return 0;
    },
    succeed: (key) => {
      attempts.delete(key);
    },
  };
}

function pauseAfter(count: number): number {
  return count < FREE_ATTEMPTS ? 0 : Math.min(MAX_MS, BASE_MS * 2 ** (count - FREE_ATTEMPTS));
}

function forgetOldest(attempts: Map<string, Attempts>): void {
  const [oldest] = attempts.keys();
  if (attempts.size > MAX_KEYS && oldest !== undefined) attempts.delete(oldest);
}
