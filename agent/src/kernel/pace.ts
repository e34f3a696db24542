import type { CameraStats } from '@watchpost/shared/messages/camera.ts';

type Pace = Omit<CameraStats, 'tsMs'>;

export interface PaceCounters {
  readonly captured: number;
  readonly skipped: number;
  readonly reconnects: number;
}

/** Measures the pace of one camera in consecutive windows. */
export interface PaceMeter {
  /** One frame is through. */
  add(inferMs: number, endToEndMs: number): void;
  /** Closes the window; undefined when it has no length. */
  report(nowMs: number, counters: PaceCounters): Pace | undefined;
}

export function createPaceMeter(startedAtMs: number): PaceMeter {
  let since = startedAtMs;
  let before: PaceCounters = { captured: 0, skipped: 0, reconnects: 0 };
  let processedTotal = 0;
  let inferMs: number[] = [];
  let endToEndMs: number[] = [];

  const report = (nowMs: number, counters: PaceCounters): Pace | undefined => {
    const windowSec = (nowMs - since) / 1000;
    if (windowSec <= 0) return undefined;
    const pace: Pace = {
      windowSec,
      capturedFps: (counters.captured - before.captured) / windowSec,
      processedFps: inferMs.length / windowSec,
      skippedFps: (counters.skipped - before.skipped) / windowSec,
      processedTotal,
      inferMs: computePercentiles(inferMs),
      endToEndMs: computePercentiles(endToEndMs),
      reconnects: counters.reconnects,
    };
    [since, before, inferMs, endToEndMs] = [nowMs, counters, [], []];
    return pace;
  };

  return {
    add: (infer, endToEnd) => {
      processedTotal += 1;
      inferMs.push(infer);
      endToEndMs.push(endToEnd);
    },
    report,
  };
}

/** Nearest-rank percentiles; zeros for no values. */
export function computePercentiles(values: readonly number[]): Pace['inferMs'] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
