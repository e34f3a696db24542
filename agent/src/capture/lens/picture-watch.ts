import type { PixelMap } from '../motion/counted-pixels.ts';

/** What a picture is worth: `covered` is a black or hidden lens, `frozen` a camera that repeats itself. */
export type PictureVerdict = 'clear' | 'covered' | 'frozen';

export interface PictureMeasure {
  /** FNV-1a over every byte. */
  readonly hash: number;
  /** Grey levels, 0-255. */
  readonly mean: number;
  readonly variance: number;
}

/** @param visible what counts, where not all of it does: masks are black and still by themselves */
export function measurePicture(gray: Uint8Array, visible?: PixelMap): PictureMeasure {
  let hash = 0x811c9dc5;
  let sum = 0;
  let sumOfSquares = 0;
  let pixels = 0;
  for (let at = 0; at < gray.length; at += 1) {
    if (visible !== undefined && visible[at] !== 1) continue;
    const level = gray[at] ?? 0;
    hash = Math.imul(hash ^ level, 0x01000193);
    sum += level;
    sumOfSquares += level * level;
    pixels += 1;
  }
  const mean = sum / Math.max(1, pixels);
  return { hash, mean, variance: sumOfSquares / Math.max(1, pixels) - mean * mean };
}

/** @param rgb rgb24 */
export function toGray(rgb: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: Math.floor(rgb.length / 3) }, (_, pixel) => {
    const [red = 0, green = 0, blue = 0] = rgb.subarray(pixel * 3, pixel * 3 + 3);
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  });
}

export interface PictureLimits {
  readonly darkMean: number;
  readonly flatVariance: number;
  /** A passing shadow or a flash is no cover. */
  readonly coveredMs: number;
  readonly frozenMs: number;
  /** Fewer pictures prove neither: where one comes each half minute, it takes longer. */
  readonly leastPictures: number;
}

export const PICTURE_LIMITS: PictureLimits = {
  darkMean: 8,
  flatVariance: 5,
  coveredMs: 5_000,
  frozenMs: 60_000,
  leastPictures: 3,
};

/** Since when the picture is what it is; monotonic milliseconds. */
export interface PictureHistory {
  readonly hash: number;
  readonly sameSinceMs: number;
  /** How many pictures were the same. */
  readonly same: number;
  readonly hiddenSinceMs?: number;
  readonly hidden: number;
}

export interface PictureJudgement {
  readonly history: PictureHistory;
  readonly verdict: PictureVerdict;
}

export function judgePicture(
  measure: PictureMeasure,
  before: PictureHistory | undefined,
  nowMs: number,
  limits: PictureLimits,
): PictureJudgement {
  const isHidden = measure.mean < limits.darkMean || measure.variance < limits.flatVariance;
  const hiddenSinceMs = isHidden ? (before?.hiddenSinceMs ?? nowMs) : undefined;
  const hidden = isHidden ? (before?.hidden ?? 0) + 1 : 0;
  const isSame = before?.hash === measure.hash;
  const [sameSinceMs, same] = isSame ? [before.sameSinceMs, before.same + 1] : [nowMs, 1];
  const history = {
    ...{ hash: measure.hash, sameSinceMs, same, hidden },
    ...(hiddenSinceMs !== undefined && { hiddenSinceMs }),
  };
  const lasted = (sinceMs: number | undefined, pictures: number, limitMs: number): boolean =>
    sinceMs !== undefined && nowMs - sinceMs >= limitMs && pictures >= limits.leastPictures;
  if (lasted(hiddenSinceMs, hidden, limits.coveredMs)) return { history, verdict: 'covered' };
  return { history, verdict: lasted(sameSinceMs, same, limits.frozenMs) ? 'frozen' : 'clear' };
}
