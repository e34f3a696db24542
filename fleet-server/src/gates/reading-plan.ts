import type { GateQuestion } from './port.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Means of a device that are worth telling apart. */
const MAX_BUCKETS = 120;

/**
 * Which windows to read: from as long before the first order as the group soaks (an hour at least, a day at most),
 * put together so that a long soak is as cheap to judge as a short one.
 */
export function planReading(
  { executed, soakSeconds }: Pick<GateQuestion, 'executed' | 'soakSeconds'>,
  nowMs: number,
): { readonly sinceMs: number; readonly bucketMs: number } {
  const orderedAtMs = executed.reduce((first, device) => Math.min(first, device.orderedAtMs), nowMs);
  const beforeMs = Math.min(DAY_MS, Math.max(HOUR_MS, soakSeconds * 1000));
  const sinceMs = orderedAtMs - beforeMs;
  const minutes = Math.ceil((nowMs - sinceMs) / MAX_BUCKETS / MINUTE_MS);
  return { sinceMs, bucketMs: Math.max(1, minutes) * MINUTE_MS };
}

/** At most `count` of them, from all over the list, the same ones each time. */
export function chooseEvenly<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)] as T);
}
