import type { MaintenanceWindow } from '@watchpost/shared/rollout/policy.ts';
import { Cron } from 'croner';
import { serverError } from '../kernel/errors.ts';
import type { WindowClock } from './port.ts';

const MINUTE_MS = 60_000;

export function createCronerWindow(): WindowClock {
  const jobs = new Map<string, Cron>();
  const jobOf = (cron: string, timezone: string): Cron => {
    const key = `${timezone} ${cron}`;
    const job = jobs.get(key) ?? openJob(cron, timezone);
    jobs.set(key, job);
    return job;
  };
  /** The first opening of those that may still be open, or the next one; it is asked for what comes after a moment. */
  const findOpening = (window: MaintenanceWindow, timezone: string, nowMs: number): number => {
    const sinceMs = nowMs - window.durationMinutes * MINUTE_MS;
    const opens = jobOf(window.cron, zoneOf(window, timezone)).nextRun(new Date(sinceMs));
    return opens?.getTime() ?? Number.MAX_SAFE_INTEGER;
  };
  return {
    check: (window) => void jobOf(window.cron, zoneOf(window, 'UTC')),
    look: (window, timezone, nowMs) => {
      const opensAtMs = findOpening(window, timezone, nowMs);
      return opensAtMs > nowMs
        ? { windowOpensAtMs: opensAtMs }
        : { windowClosesAtMs: opensAtMs + window.durationMinutes * MINUTE_MS };
    },
  };
}

const zoneOf = (window: MaintenanceWindow, timezone: string): string =>
  window.timezone === 'site' ? timezone : window.timezone;

function openJob(cron: string, timezone: string): Cron {
  try {
    const job = new Cron(cron, { timezone, mode: '5-part', paused: true });
    job.nextRun();
    return job;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw serverError('ROLLOUT_INVALID', `window ${cron} in ${timezone}: ${problem}`, { cause });
  }
}
