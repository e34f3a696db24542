export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** What the drawing shows: a span of time and of values. */
export interface Frame {
  readonly fromMs: number;
  readonly toMs: number;
  readonly min: number;
  readonly max: number;
}

/** The drawing is this wide and high, in its own units; y grows downwards. */
export const WIDTH = 100;
export const HEIGHT = 100;

/** Silence longer than this many usual steps is drawn as a gap: a line there would be made up. */
const GAP_STEPS = 4;

/** Splits where samples are missing. Points are oldest first. */
export function splitAtGaps(points: readonly Point[]): readonly (readonly Point[])[] {
  const gapMs = GAP_STEPS * usualStepMs(points);
  const runs: Point[][] = [];
  let last: Point | undefined;
  for (const point of points) {
    const run = runs.at(-1);
    if (run === undefined || last === undefined || point.atMs - last.atMs > gapMs) runs.push([point]);
    else run.push(point);
    last = point;
  }
  return runs;
}

export function linePath(run: readonly Point[], frame: Frame): string {
  const [only] = run;
  // A single sample has no line: a dot of no length, which round line caps make visible.
  if (run.length === 1 && only) return `M${place(only, frame)}h0`;
  return run.map((point, index) => `${index === 0 ? 'M' : 'L'}${place(point, frame)}`).join('');
}

export function areaPath(run: readonly Point[], frame: Frame): string {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined || run.length < 2) return '';
  return `${linePath(run, frame)}L${x(last, frame)},${HEIGHT}L${x(first, frame)},${HEIGHT}Z`;
}

/** The point closest in time to `x01` of the width. */
export function pointAt(points: readonly Point[], frame: Frame, x01: number): Point | undefined {
  const atMs = frame.fromMs + x01 * (frame.toMs - frame.fromMs);
  return points.reduce<Point | undefined>(
    (best, point) =>
      best === undefined || Math.abs(point.atMs - atMs) < Math.abs(best.atMs - atMs) ? point : best,
    undefined,
  );
}

function place(point: Point, frame: Frame): string {
  const height = frame.max - frame.min;
  const y01 = height > 0 ? Math.min(1, Math.max(0, (point.value - frame.min) / height)) : 0;
  return `${x(point, frame)},${round(HEIGHT * (1 - y01))}`;
}

function x(point: Point, frame: Frame): number {
  const spanMs = frame.toMs - frame.fromMs;
  return spanMs > 0 ? round((WIDTH * (point.atMs - frame.fromMs)) / spanMs) : WIDTH;
}

function usualStepMs(points: readonly Point[]): number {
  const steps = points.slice(1).map((point, index) => point.atMs - (points[index]?.atMs ?? point.atMs));
  steps.sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)] ?? 0;
}

const round = (value: number): number => Math.round(value * 100) / 100;
