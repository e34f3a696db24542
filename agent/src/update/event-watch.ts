import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Clock } from '../kernel/clock.ts';
import { addToHistory, computeUsualRate, type EventHistory } from './event-history.ts';
import type { BundleStore, ReadVitals, Vitals } from './port.ts';

export interface EventWatchDeps {
  readonly bundles: Pick<BundleStore, 'readHistory' | 'saveHistory'>;
  readonly readVitals: ReadVitals;
  /** False while a model on trial classifies: what it sees is no measure for itself. */
  readonly isUsual: () => boolean;
  readonly isClockTrusted?: () => boolean;
  readonly clock: Clock;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/** Remembers how much happens in front of the cameras, hour by hour. */
export interface EventWatch {
  /** Events per second that are usual now; undefined while that is not known. */
  usualRate(): number | undefined;
  load(): Promise<void>;
  /** Watches until `signal` is aborted, and saves what it saw. */
  run(signal: AbortSignal): Promise<void>;
}

const LOOK_EVERY_MS = 60_000;
const SAVE_EVERY_MS = 3_600_000;

export function createEventWatch(deps: EventWatchDeps): EventWatch {
  const { bundles, readVitals, isUsual, clock, wait, log } = deps;
  const isTimeKnown = (): boolean => deps.isClockTrusted?.() !== false;
  let history: EventHistory = [];

  const look = (before: Vitals, tookMs: number): Vitals => {
    const now = readVitals();
    if (isUsual() && isTimeKnown() && now.camerasOnline > 0 && before.camerasOnline > 0) {
      const events = now.events - before.events;
      history = addToHistory(history, { nowMs: clock.wallMs(), events, coveredSec: tookMs / 1000 });
    }
    return now;
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ code: error.code, error: describeError(error) }, 'history of events lags behind');
    }
  };
  const save = (): Promise<void> => attempt(() => bundles.saveHistory(history));

  return {
    usualRate: () => (isTimeKnown() ? computeUsualRate(history, clock.wallMs()) : undefined),
    load: () =>
      attempt(async () => {
        history = await bundles.readHistory();
      }),
    run: async (signal) => {
      let before = readVitals();
      let lookedAtMs = clock.monotonicMs();
      let savedAtMs = lookedAtMs;
      while (!signal.aborted) {
        await wait(LOOK_EVERY_MS, signal);
        const nowMs = clock.monotonicMs();
        before = look(before, nowMs - lookedAtMs);
        lookedAtMs = nowMs;
        if (nowMs - savedAtMs < SAVE_EVERY_MS && !signal.aborted) continue;
        savedAtMs = nowMs;
        if (history.length > 0) await save();
      }
    },
  };
}
