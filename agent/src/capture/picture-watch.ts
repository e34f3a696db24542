import { type FramePlan, isSamePlan, type PlannedPicture } from './port.ts';

/** What a picture is worth: `covered` is a black or hidden lens, `frozen` a camera that repeats itself. */
export type PictureVerdict = 'clear' | 'covered' | 'frozen';

export interface PictureMeasure {
  /** FNV-1a over every byte. */
  readonly hash: number;
  /** Of the luma, 0-255. */
  readonly mean: number;
  readonly variance: number;
}

/** @param rgb rgb24, at least one pixel */
export function measurePicture(rgb: Uint8Array): PictureMeasure {
  let hash = 0x811c9dc5;
  let sum = 0;
  let sumOfSquares = 0;
  for (let at = 0; at + 2 < rgb.length; at += 3) {
    const red = rgb[at] ?? 0;
    const green = rgb[at + 1] ?? 0;
    const blue = rgb[at + 2] ?? 0;
    hash = Math.imul(hash ^ red, 0x01000193);
    hash = Math.imul(hash ^ green, 0x01000193);
    hash = Math.imul(hash ^ blue, 0x01000193);
    const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    sum += luma;
    sumOfSquares += luma * luma;
  }
  const pixels = Math.floor(rgb.length / 3);
  const mean = sum / pixels;
  return { hash, mean, variance: sumOfSquares / pixels - mean * mean };
}

export interface PictureLimits {
  readonly darkMean: number;
  readonly flatVariance: number;
  /** A passing shadow or a flash is no cover. */
  readonly coveredMs: number;
  readonly frozenMs: number;
}

export const PICTURE_LIMITS: PictureLimits = {
  darkMean: 8,
  flatVariance: 5,
  coveredMs: 5_000,
  frozenMs: 60_000,
};

/** Since when the picture is what it is; monotonic milliseconds. */
export interface PictureHistory {
  readonly hash: number;
  readonly sameSinceMs: number;
  readonly hiddenSinceMs?: number;
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
  const sameSinceMs = before?.hash === measure.hash ? before.sameSinceMs : nowMs;
  const history = { hash: measure.hash, sameSinceMs, ...(hiddenSinceMs !== undefined && { hiddenSinceMs }) };
  if (hiddenSinceMs !== undefined && nowMs - hiddenSinceMs >= limits.coveredMs) {
    return { history, verdict: 'covered' };
  }
  return { history, verdict: nowMs - sameSinceMs >= limits.frozenMs ? 'frozen' : 'clear' };
}

/**
 * Looks at one picture after the other. Another plan cuts the same scene differently, so its first picture differs
 * from the one before for no reason of the camera's: one that stood still is taken to stand still.
 */
export function createPictureWatch(
  limits: PictureLimits,
): (picture: PlannedPicture, nowMs: number) => PictureVerdict {
  let plan: FramePlan | undefined;
  let history: PictureHistory | undefined;
  return (picture, nowMs) => {
    const measure = measurePicture(picture.rgb);
    const isCutAnew = plan !== undefined && !isSamePlan(plan, picture.plan);
    const before = isCutAnew && history !== undefined ? { ...history, hash: measure.hash } : history;
    const judged = judgePicture(measure, before, nowMs, limits);
    plan = picture.plan;
    history = judged.history;
    return judged.verdict;
  };
}
