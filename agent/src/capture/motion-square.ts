import type { FramePlan, Motion } from './port.ts';

/** Where it moved lately; edges as shares of the picture's sides. */
export interface Spot {
  readonly left01: number;
  readonly top01: number;
  readonly right01: number;
  readonly bottom01: number;
}

export interface SpotLimits {
  /** Less motion than this moves no square. */
  readonly minShare01: number;
  /** How fast an edge goes outwards, so that nothing is cut off... */
  readonly growMs: number;
  /** ... and inwards, so that the square does not jump with every step. */
  readonly shrinkMs: number;
  /** How long the last square stands for what has stopped. */
  readonly keepMs: number;
}

export const SPOT_LIMITS: Omit<SpotLimits, 'minShare01'> = { growMs: 250, shrinkMs: 1_500, keepMs: 10_000 };

/** @returns where to look, one picture after the other; undefined once nothing has moved for a while */
export type SpotWatch = (motion: Motion, elapsedMs: number) => Spot | undefined;

export function createSpotWatch(limits: SpotLimits): SpotWatch {
  let spot: Spot | undefined;
  let stillMs = 0;
  return ({ share01, around }, elapsedMs) => {
    if (around === undefined || share01 < limits.minShare01) {
      stillMs += elapsedMs;
      if (stillMs >= limits.keepMs) spot = undefined;
      return spot;
    }
    stillMs = 0;
    const now: Spot = {
      left01: around.x01,
      top01: around.y01,
      right01: around.x01 + around.width01,
      bottom01: around.y01 + around.height01,
    };
    spot = spot === undefined ? now : follow(spot, now, elapsedMs, limits);
    return spot;
  };
}

function follow(before: Spot, now: Spot, elapsedMs: number, { growMs, shrinkMs }: SpotLimits): Spot {
  const [outwards, inwards] = [growMs, shrinkMs].map((ms) => 1 - Math.exp(-elapsedMs / ms)) as [
    number,
    number,
  ];
  const low = (from: number, to: number): number => from + (to - from) * (to < from ? outwards : inwards);
  const high = (from: number, to: number): number => from + (to - from) * (to > from ? outwards : inwards);
  return {
    left01: low(before.left01, now.left01),
    top01: low(before.top01, now.top01),
    right01: high(before.right01, now.right01),
    bottom01: high(before.bottom01, now.bottom01),
  };
}

/** A part of a picture, in its pixels. */
export interface Cut {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Room around what moves: a model knows things with their surroundings. */
const MARGIN = 1.3;

/**
 * The cut around the spot, of the shape the model takes (mostly a square), so that nothing is squashed: no smaller than
 * the model's picture where the scene allows, and inside of the scene.
 */
export function planCut(
  spot: Spot,
  scene: { readonly width: number; readonly height: number },
  plan: FramePlan,
): Cut {
  const shape = plan.width / plan.height;
  const wanted = Math.max(
    (spot.right01 - spot.left01) * scene.width * MARGIN,
    (spot.bottom01 - spot.top01) * scene.height * MARGIN * shape,
    plan.width,
  );
  const width = Math.min(wanted, scene.width, scene.height * shape);
  const size = { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(width / shape)) };
  const place = (middle01: number, whole: number, part: number): number =>
    Math.min(Math.max(0, Math.round(middle01 * whole - part / 2)), whole - part);
  return {
    ...size,
    left: place((spot.left01 + spot.right01) / 2, scene.width, size.width),
    top: place((spot.top01 + spot.bottom01) / 2, scene.height, size.height),
  };
}
