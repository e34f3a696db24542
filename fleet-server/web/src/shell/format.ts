const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The largest unit that fits, and nothing finer: what a person wants to know about an age. */
export function formatDuration(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / SECOND_MS))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** A measured time: 3.2 ms, 840 ms, 12.5 s. */
export function formatMs(ms: number): string {
  if (ms >= 10 * SECOND_MS) return `${formatNumber(ms / SECOND_MS, 1)} s`;
  return `${formatNumber(ms, ms < 100 ? 1 : 0)} ms`;
}

/** How long something took; clocks that were set in between make it nothing. */
export const formatElapsed = (ms: number): string => (ms < SECOND_MS ? '< 1 s' : formatDuration(ms));

export function formatAgo(ms: number): string {
  return ms < 2 * SECOND_MS ? 'now' : `${formatDuration(ms)} ago`;
}

/** Only what is whole is given as 100 %. */
export function formatPercent(ratio01: number): string {
  const percent = Math.round(ratio01 * 100);
  return `${ratio01 < 1 ? Math.min(99, percent) : percent} %`;
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Three digits at most: 512 B, 1.5 kB, 34 MB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const shortDigest = (digest: string): string => digest.slice(0, 12);

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DATE_TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const formatTime = (atMs: number): string => TIME.format(atMs);
export const formatDateTime = (atMs: number): string => DATE_TIME.format(atMs);

/** The time alone for today, with the date before that. */
export function formatMoment(atMs: number, nowMs: number): string {
  const sameDay = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  return sameDay ? formatTime(atMs) : formatDateTime(atMs);
}
