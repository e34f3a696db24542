/** Longer pauses are not granted: the order has its own end. */
const LONGEST_MS = 60 * 60 * 1000;

/**
 * The pause a Retry-After header asks for (RFC 9110, 10.2.3: seconds, or a date).
 * @returns undefined when there is none, or none that can be read
 */
export function parseRetryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const pauseMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(pauseMs) ? undefined : Math.min(Math.max(pauseMs, 0), LONGEST_MS);
}
