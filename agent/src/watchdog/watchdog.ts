import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Clock } from '../kernel/clock.ts';
import type { BootGuard, ProgressSource, ServiceNotifier } from './port.ts';
import {
  describeProgress,
  judgeProgress,
  PROGRESS_LIMITS,
  type Progress,
  type ProgressHistory,
  type ProgressLimits,
} from './progress.ts';

export interface WatchdogDeps {
  readonly notifier: ServiceNotifier;
  readonly source: ProgressSource;
  readonly guard: Pick<BootGuard, 'settle'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
  readonly limits?: Partial<WatchdogLimits>;
}

export interface WatchdogLimits extends ProgressLimits {
  /** Between two looks, where no service manager asks for a shorter time. */
  readonly lookMs: number;
  /** A start that worked for this long is a good one. */
  readonly steadyMs: number;
}

const LIMITS: WatchdogLimits = { ...PROGRESS_LIMITS, lookMs: 15_000, steadyMs: 60_000 };
/** A quarter of the time the service manager gives: half, and one more try should a notice get lost. */
const LOOKS_PER_WATCHDOG = 4;

/**
 * Tells the service manager that this program is alive as long as the frame path really works: when frames come and
 * none is classified, the manager hears nothing, and starts the program again. The last part to start, the first to
 * stop.
 */
export function createWatchdog(deps: WatchdogDeps): Component {
  const { notifier, source, guard, clock } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const lookMs = Math.min(limits.lookMs, (notifier.watchdogMs ?? Infinity) / LOOKS_PER_WATCHDOG);
  const said = { status: '', kind: '' };
  let timer: NodeJS.Timeout | undefined;
  let history: ProgressHistory;
  let steadySinceMs = 0;
  let isSettled = false;
  /** Told to stop before it ran: a start that takes too long is ended by the service manager, and is no good one. */
  let wasCutShort = false;

  const look = (): void => {
    const nowMs = clock.monotonicMs();
    const judged = judgeProgress(history, source.look(), nowMs, limits);
    history = judged.history;
    if (judged.progress.kind === 'stuck') steadySinceMs = nowMs;
    else notifier.alive();
    if (!isSettled && nowMs - steadySinceMs >= limits.steadyMs) {
      isSettled = true;
      void guard.settle();
    }
    tell(judged.progress);
  };
  const tell = (progress: Progress): void => {
    const status = describeProgress(history.sample, progress);
    if (status !== said.status) notifier.status(status);
    if (progress.kind === 'stuck' && said.kind !== 'stuck') deps.log.error({ status }, 'frame path is stuck');
    if (progress.kind !== 'stuck' && said.kind === 'stuck')
      deps.log.info({ status }, 'frame path works again');
    said.status = status;
    said.kind = progress.kind;
  };

  return {
    name: 'watchdog',
    start: async (signal) => {
      wasCutShort = signal.aborted;
      steadySinceMs = clock.monotonicMs();
      history = { sample: source.look(), atMs: steadySinceMs, deliveredAtMs: steadySinceMs };
      notifier.ready();
      timer = setInterval(look, lookMs);
    },
    stop: async () => {
      clearInterval(timer);
      notifier.stopping();
      if (!wasCutShort) await guard.settle();
    },
  };
}
