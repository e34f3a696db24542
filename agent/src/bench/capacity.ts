import type { BenchedTrial, CameraRun } from './port.ts';

/** Beyond it, a run of this length tells no loss from a late start. */
const LOSS01 = 0.01;
/** What the control process and the system need is not there for cameras. */
const USABLE01 = 0.95;
/** In the control process, for each classified frame. */
const CONTROL_SEC = 0.002;
const MAX_CAMERAS = 64;

export const isCarried = ({ lost01, silent }: CameraRun): boolean => silent === 0 && lost01 <= LOSS01;

export interface CameraCost {
  readonly cores: number;
  readonly fps: number;
  /** CPU seconds of one decoder in a second. */
  readonly decode01: number;
  /** CPU seconds of one run of the model. */
  readonly inferSec: number;
}

/** How many cameras the processor has room for. */
export function computeCameras({ cores, fps, decode01, inferSec }: CameraCost): number {
  const each = decode01 + fps * (inferSec + CONTROL_SEC);
  // One model run at a time: a single inference process serves all cameras.
  const byModel = 1 / (fps * inferSec);
  return Math.max(0, Math.min(MAX_CAMERAS, Math.floor((cores * USABLE01) / each), Math.floor(byModel)));
}

/**
 * The variant and threads that carry the most cameras: of those that passed, the least CPU for a run, not the shortest
 * one, as long as it ends before the next frame of its camera.
 */
export function chooseLeastCpu(trials: readonly BenchedTrial[], fps: number): BenchedTrial | undefined {
  const [best] = trials
    .filter(
      ({ outcome, inferMs }) => outcome === 'passed' && inferMs !== undefined && inferMs.p95 < 1000 / fps,
    )
    .toSorted((one, other) => cpuMsOf(one) - cpuMsOf(other));
  return best;
}

/** At most: threads that wait cost less. */
export const cpuMsOf = ({ inferMs, threads }: BenchedTrial): number => (inferMs?.p50 ?? 0) * threads;

/**
 * How many cameras to run next: what was computed, then fewer until nothing is lost, or more until something is.
 * @returns undefined when the limit lies between two runs next to each other, or enough was tried; that not even one
 *   camera is carried is said of one that was run
 */
export function planNextRun(
  runs: readonly CameraRun[],
  computed: number,
  maxRuns: number,
): number | undefined {
  const first = Math.min(Math.max(computed, 1), MAX_CAMERAS);
  if (runs.length === 0) return first;
  const carried = findCarried(runs);
  if (runs.length >= maxRuns && carried > 0) return undefined;
  const lost = Math.min(...runs.filter((run) => !isCarried(run)).map(({ cameras }) => cameras));
  const next =
    lost === Number.POSITIVE_INFINITY
      ? Math.min(MAX_CAMERAS, carried + Math.max(1, Math.ceil(carried / 5)))
      : Math.floor((carried + lost) / 2);
  return next === carried || next === lost ? undefined : next;
}

/** The most of those that were run. */
export const findCarried = (runs: readonly CameraRun[]): number =>
  Math.max(0, ...runs.filter(isCarried).map(({ cameras }) => cameras));
