import { GRAY } from '../frames/frame-outputs.ts';
import type { Motion } from '../port.ts';
import type { PixelMap } from './counted-pixels.ts';
import { type Fit, fitLight, judgeLight } from './light.ts';
import { findMovers } from './movers.ts';

export interface MotionLimits {
  /** A pixel differs by at least so many grey levels before it counts... */
  readonly minLevels: number;
  /** ... and by so many standard deviations of the picture's own noise: a dark picture is full of it. */
  readonly minSigmas: number;
  /** No noise hides more than this. */
  readonly maxLevels: number;
  /** How fast the background follows what stands still. */
  readonly calmMs: number;
  /** How fast it takes up what moves, so that what was parked there becomes part of it. */
  readonly movingMs: number;
  /** From here on it is worth to see whether only the light changed. */
  readonly lightShare01: number;
  /** When more differs, another picture has begun: a switched lamp, or a camera that turns. */
  readonly anewShare01: number;
  /** How alike the structure of two pictures has to be to be one scene in another light. */
  readonly sameScene01: number;
}

const MOTION_LIMITS: MotionLimits = {
  minLevels: 12,
  minSigmas: 4,
  maxLevels: 40,
  calmMs: 10_000,
  movingMs: 45_000,
  lightShare01: 0.1,
  anewShare01: 0.4,
  sameScene01: 0.6,
};

/** What moves now, whatever is in a place where it was not before: a camera that turns slowly moves nothing. */
export const QUICK_MOTION_LIMITS: MotionLimits = { ...MOTION_LIMITS, calmMs: 2_000, movingMs: 3_000 };

/** @param elapsedMs since the picture before */
export type MotionWatch = (gray: Uint8Array, elapsedMs: number) => Motion;

const PIXELS = GRAY.width * GRAY.height;
const STILL: Motion = { share01: 0 };
/**
 * At first the background goes towards each picture by so many levels at most: near their median, in which neither what
 * the very first one happened to show nor what only passes by stays.
 */
const FIRST_PICTURES = 15;
const FIRST_PACE: Pace = { calm: 1, moving: 1, most: 10 };

interface Comparison {
  /** How the background looks in the light of the picture. */
  readonly fit: Fit;
  /** Of the picture, that differs from it. */
  readonly share01: number;
  /** Whatever its light. */
  readonly isSameScene: boolean;
}

/** How far the background follows a picture. */
interface Pace {
  /** Shares of the way, where it stands still and where it moves. */
  readonly calm: number;
  readonly moving: number;
  /** Grey levels. */
  readonly most: number;
}

const planPace = ({ calmMs, movingMs }: MotionLimits, elapsedMs: number): Pace => ({
  calm: 1 - Math.exp(-elapsedMs / calmMs),
  moving: 1 - Math.exp(-elapsedMs / movingMs),
  most: 255,
});

/**
 * Compares each grey picture with a slow mean of those before it. Light that changes everywhere is not motion, nor are
 * single pixels, nor what lies outside of `watched`.
 */
export function createMotionWatch(watched: PixelMap, limits: MotionLimits = MOTION_LIMITS): MotionWatch {
  const background = new Float32Array(PIXELS);
  const moving = new Uint8Array(PIXELS);
  let pictures = 0;

  /** @returns the share of the picture that differs from the background in this light */
  const mark = (gray: Uint8Array, { gain, offset }: Fit, levels: number): number => {
    let count = 0;
    for (let at = 0; at < PIXELS; at += 1) {
      const difference = (gray[at] ?? 0) - (background[at] ?? 0) * gain - offset;
      const isMoving = (difference > levels || difference < -levels) && watched[at] === 1 ? 1 : 0;
      moving[at] = isMoving;
      count += isMoving;
    }
    return count / PIXELS;
  };

  const learn = (gray: Uint8Array, { gain, offset }: Fit, pace: Pace): void => {
    for (let at = 0; at < PIXELS; at += 1) {
      const before = (background[at] ?? 0) * gain + offset;
      const step = ((gray[at] ?? 0) - before) * (moving[at] === 1 ? pace.moving : pace.calm);
      background[at] = before + Math.min(pace.most, Math.max(-pace.most, step));
    }
  };

  const beginAnew = (gray: Uint8Array): void => {
    background.set(gray);
    pictures = 1;
  };

  /** Marks what differs in the light that explains most. */
  const compare = (gray: Uint8Array): Comparison => {
    const { offset, sigma } = judgeLight(gray, background, watched);
    const levels = Math.min(limits.maxLevels, Math.max(limits.minLevels, limits.minSigmas * sigma));
    const shifted: Fit = { gain: 1, offset };
    const share01 = mark(gray, shifted, levels);
    if (share01 <= limits.lightShare01) return { fit: shifted, share01, isSameScene: true };
    const fitted = fitLight(gray, background, watched);
    const isSameScene = fitted.likeness >= limits.sameScene01;
    const fittedShare01 = isSameScene ? mark(gray, fitted, levels) : 1;
    if (fittedShare01 < share01) return { fit: fitted, share01: fittedShare01, isSameScene };
    mark(gray, shifted, levels);
    return { fit: shifted, share01, isSameScene };
  };

  return (gray, elapsedMs) => {
    if (pictures === 0) {
      beginAnew(gray);
      return STILL;
    }
    pictures += 1;
    const { fit, share01, isSameScene } = compare(gray);
    if (share01 > limits.anewShare01) {
      beginAnew(gray);
      return isSameScene ? STILL : findMovers(moving);
    }
    learn(gray, fit, pictures <= FIRST_PICTURES ? FIRST_PACE : planPace(limits, elapsedMs));
    return findMovers(moving);
  };
}
