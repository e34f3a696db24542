import type { PixelMap } from './counted-pixels.ts';

/** How the background looks in the light of now. */
export interface Fit {
  readonly gain: number;
  readonly offset: number;
}

export interface LightFit extends Fit {
  /** Correlation of the two pictures; 1 is the same scene, whatever its light. */
  readonly likeness: number;
}

export interface LightShift {
  /** Grey levels by which the typical pixel differs. */
  readonly offset: number;
  /** Standard deviation of what differs beyond that in the calm half of the picture: its noise. */
  readonly sigma: number;
}

/** Of a normal distribution, to its median distance from the middle. */
const SIGMA_PER_MEDIAN = 1.4826;
const LEVELS = 256;
/** One pixel of three tells as much; 3 does not divide the width, so that all columns take part. */
const STEP = 3;

/** Medians, which something that moves does not shift as long as it fills less than half of the picture. */
export function judgeLight(gray: Uint8Array, background: Float32Array, watched: PixelMap): LightShift {
  const counts = new Uint32Array(2 * LEVELS);
  let total = 0;
  for (let at = 0; at < gray.length; at += STEP) {
    if (watched[at] !== 1) continue;
    const bin = ((gray[at] ?? 0) - (background[at] ?? 0) + LEVELS + 0.5) | 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
    total += 1;
  }
  const middle = findMedian(counts, total);
  let inside = counts[middle] ?? 0;
  let reach = 0;
  while (inside < total / 2) {
    reach += 1;
    inside += (counts[middle - reach] ?? 0) + (counts[middle + reach] ?? 0);
  }
  return { offset: middle - LEVELS, sigma: SIGMA_PER_MEDIAN * reach };
}

function findMedian(counts: Uint32Array, total: number): number {
  let bin = 0;
  for (let below = counts[0] ?? 0; below < total / 2; below += counts[bin] ?? 0) bin += 1;
  return bin;
}

/** Least squares: a cloud, or the exposure of the camera, changes bright parts by more than dark ones. */
export function fitLight(gray: Uint8Array, background: Float32Array, watched: PixelMap): LightFit {
  let total = 0;
  let now = 0;
  let before = 0;
  let nowSquares = 0;
  let beforeSquares = 0;
  let products = 0;
  for (let at = 0; at < gray.length; at += STEP) {
    if (watched[at] !== 1) continue;
    const level = gray[at] ?? 0;
    const former = background[at] ?? 0;
    total += 1;
    now += level;
    before += former;
    nowSquares += level * level;
    beforeSquares += former * former;
    products += level * former;
  }
  const covariance = total * products - now * before;
  const variance = total * beforeSquares - before * before;
  const spread = Math.sqrt(variance * (total * nowSquares - now * now));
  if (!(spread > 0)) return { gain: 1, offset: (now - before) / Math.max(1, total), likeness: 0 };
  const gain = covariance / variance;
  return { gain, offset: (now - gain * before) / total, likeness: covariance / spread };
}
