/** A measurement of a process while it ran. */
export interface Reading {
  readonly atMin: number;
  readonly value: number;
}

/** The straight line through readings, by least squares. */
export interface Trend {
  /** Per minute. */
  readonly slope: number;
  /** 95 % confidence interval of the slope. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the block means around the line: the noise. */
  readonly noise: number;
  readonly minutes: number;
}

/** A process warms up first: code is compiled, caches fill. */
const WARM_UP01 = 0.2;
const BLOCKS = 24;

/**
 * Readings close to each other resemble each other, which would make any interval look narrow: so the line is laid
 * through the means of blocks of time.
 */
export function computeTrend(readings: readonly Reading[]): Trend {
  const endMin = Math.max(...readings.map(({ atMin }) => atMin));
  const beginMin = Math.min(...readings.map(({ atMin }) => atMin));
  const fromMin = beginMin + (endMin - beginMin) * WARM_UP01;
  const lengthMin = (endMin - fromMin) / BLOCKS;
  const warm = readings.filter(({ atMin }) => atMin >= fromMin);
  const blocks = [...Map.groupBy(warm, ({ atMin }) => Math.floor((atMin - fromMin) / lengthMin)).values()];
  const points = blocks.map((block) => ({
    x: mean(block.map(({ atMin }) => atMin)),
    y: mean(block.map(({ value }) => value)),
  }));
  const centre = { x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) };
  const spread = sum(points.map(({ x }) => (x - centre.x) ** 2));
  const slope = sum(points.map(({ x, y }) => (x - centre.x) * (y - centre.y))) / spread;
  const freedom = points.length - 2;
  const residuals = points.map(({ x, y }) => y - centre.y - slope * (x - centre.x));
  const noise = Math.sqrt(sum(residuals.map((it) => it ** 2)) / freedom);
  const margin = (quantile95(freedom) * noise) / Math.sqrt(spread);
  return { slope, low: slope - margin, high: slope + margin, noise, minutes: endMin - fromMin };
}

/**
 * Within noise: what the low end of the interval makes of the whole run is not more than the values stray from the
 * line anyway, or than `least`, below which growth is none.
 */
export function isWithinNoise({ low, noise, minutes }: Trend, least: number): boolean {
  return low * minutes <= Math.max(noise, least);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Of Student's distribution, two-sided; good to one percent from 4 degrees of freedom on. */
function quantile95(freedom: number): number {
  return 1.96 + 2.372 / freedom + 2.8 / freedom ** 2;
}
