/** `x` grows from point to point. */
export interface TrendPoint {
  readonly x: number;
  readonly y: number;
}

export interface Trend {
  /** Change of `y` per unit of `x`. */
  readonly slope: number;
  /** -1 to 1: how much of the way goes in one direction; near 0 for noise around a level. */
  readonly tau: number;
}

/** Of so many points every pair is looked at; of more, the medians of so many parts of the way. */
const MAX_POINTS = 48;

/**
 * The slope that half of all pairs of points exceed (Theil 1950, Sen 1968: up to 29 % of the points may be wild), and
 * how consistent it is (Kendall's tau-a, 1938: pairs that rise less pairs that fall, over all pairs). Readings of a
 * machine follow one another, so tau is used as a measure, never as a test of significance.
 * @returns undefined for fewer than three points
 */
export function computeTrend(points: readonly TrendPoint[]): Trend | undefined {
  const parts = takeMedians(points, MAX_POINTS);
  if (parts.length < 3) return undefined;
  const slopes = parts.flatMap((a, index) =>
    parts.slice(index + 1).flatMap((b) => (b.x === a.x ? [] : [(b.y - a.y) / (b.x - a.x)])),
  );
  const slope = computeMedian(slopes);
  if (slope === undefined) return undefined;
  const rising = slopes.filter((each) => each > 0).length;
  const falling = slopes.filter((each) => each < 0).length;
  return { slope, tau: (rising - falling) / slopes.length };
}

/** No more than `count` points, each the median of its part of the way: where points lie dense, they do not count more. */
function takeMedians(points: readonly TrendPoint[], count: number): readonly TrendPoint[] {
  const from = points[0]?.x ?? 0;
  const way = (points.at(-1)?.x ?? 0) - from;
  if (points.length <= count || way <= 0) return points.slice(-count);
  const parts = Map.groupBy(points, ({ x }) => Math.min(count - 1, Math.floor(((x - from) / way) * count)));
  return [...parts.values()].map((part) => ({
    x: computeMedian(part.map(({ x }) => x)) ?? 0,
    y: computeMedian(part.map(({ y }) => y)) ?? 0,
  }));
}

/** The mean of the middle two of an even number; undefined of none. */
export function computeMedian(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}
