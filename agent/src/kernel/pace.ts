import type { CameraStats } from '@watchpost/shared/messages/camera.ts';

type Pace = Omit<CameraStats, 'tsMs' | 'tier'>;

/** Why a frame was not classified: nothing moved, the box could not, or a newer one came before its turn. */
export type LeftOut = 'gated' | 'governed' | 'displaced';

export interface PaceCounters {
  readonly captured: number;
  readonly skipped: number;
  readonly reconnects: number;
}

/** Measures the pace of one camera in consecutive windows. */
export interface PaceMeter {
  /** One frame is through. @param inferMs of each of its views */
  add(inferMs: readonly number[], endToEndMs: number): void;
  leaveOut(why: LeftOut): void;
  /** Closes the window; undefined when it has no length. */
  report(nowMs: number, counters: PaceCounters): Pace | undefined;
}

export function createPaceMeter(startedAtMs: number): PaceMeter {
  let since = startedAtMs;
  let before: PaceCounters = { captured: 0, skipped: 0, reconnects: 0 };
  let processedTotal = 0;
  let inferMs: number[] = [];
  let endToEndMs: number[] = [];
  let leftOut = { gated: 0, governed: 0, displaced: 0 };

  const report = (nowMs: number, counters: PaceCounters): Pace | undefined => {
    const windowSec = (nowMs - since) / 1000;
    if (windowSec <= 0) return undefined;
    const pace: Pace = {
      windowSec,
      capturedFps: (counters.captured - before.captured) / windowSec,
      processedFps: endToEndMs.length / windowSec,
      skippedFps: (counters.skipped - before.skipped + leftOut.displaced) / windowSec,
      gatedFps: leftOut.gated / windowSec,
      governedFps: leftOut.governed / windowSec,
      processedTotal,
      inferMs: computePercentiles(inferMs),
      endToEndMs: computePercentiles(endToEndMs),
      reconnects: counters.reconnects,
    };
    [since, before, inferMs, endToEndMs] = [nowMs, counters, [], []];
    leftOut = { gated: 0, governed: 0, displaced: 0 };
    return pace;
  };

  return {
    add: (infer, endToEnd) => {
      processedTotal += 1;
      inferMs.push(...infer);
      endToEndMs.push(endToEnd);
    },
    leaveOut: (why) => {
      leftOut[why] += 1;
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
