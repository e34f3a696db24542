import type { FramePlan, Motion } from '../port.ts';

/** Where it moved lately: as shares of the picture's sides. */
export interface Spot {
  readonly x: Span;
  readonly y: Span;
}

export interface Span {
  readonly middle01: number;
  readonly size01: number;
}

export interface SpotLimits {
  /** Less motion than this moves no square. */
  readonly minShare01: number;
  /** How fast the square follows. */
  readonly followMs: number;
  /** How fast it grows, so that little is cut off... */
  readonly growMs: number;
  /** ... and shrinks, so that it does not pump with every step. */
  readonly shrinkMs: number;
  /** How long the last square stands for what has stopped. */
  readonly keepMs: number;
  /** Share of the box around it that has to move: what moves here and there, as trees do, is in no one place. */
  readonly minFill01: number;
}

export const SPOT_LIMITS: Omit<SpotLimits, 'minShare01'> = {
  followMs: 300,
  growMs: 250,
  shrinkMs: 1_500,
  keepMs: 10_000,
  minFill01: 0.15,
};

/** @returns where to look, one picture after the other; undefined once nothing has moved for a while */
export type SpotWatch = (motion: Motion, elapsedMs: number) => Spot | undefined;

export function createSpotWatch(limits: SpotLimits): SpotWatch {
  let spot: Spot | undefined;
  let stillMs = 0;
  return ({ share01, around }, elapsedMs) => {
    const area01 = around === undefined ? 0 : around.width01 * around.height01;
    if (around === undefined || share01 < Math.max(limits.minShare01, limits.minFill01 * area01)) {
      stillMs += elapsedMs;
      if (stillMs >= limits.keepMs) spot = undefined;
      return spot;
    }
    stillMs = 0;
    const now: Spot = {
      x: { middle01: around.x01 + around.width01 / 2, size01: around.width01 },
      y: { middle01: around.y01 + around.height01 / 2, size01: around.height01 },
    };
    spot =
      spot === undefined
        ? now
        : { x: follow(spot.x, now.x, elapsedMs, limits), y: follow(spot.y, now.y, elapsedMs, limits) };
    return spot;
  };
}

function follow(before: Span, now: Span, elapsedMs: number, limits: SpotLimits): Span {
  const approach = (from: number, to: number, overMs: number): number =>
    to + (from - to) * Math.exp(-elapsedMs / overMs);
  const sizeMs = now.size01 > before.size01 ? limits.growMs : limits.shrinkMs;
  const size01 = approach(before.size01, now.size01, sizeMs);
  // No further behind than that what moves is still inside.
  const slack01 = Math.max(0, size01 - now.size01) / 2;
  const middle01 = approach(before.middle01, now.middle01, limits.followMs);
  return { size01, middle01: Math.min(Math.max(middle01, now.middle01 - slack01), now.middle01 + slack01) };
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
 * the model's picture where the scene allows, and inside of the scene. Undefined where that has no room for it: then the
 * plan's own view of the whole shows as much.
 */
export function planCut(
  spot: Spot,
  scene: { readonly width: number; readonly height: number },
  plan: FramePlan,
): Cut | undefined {
  const shape = plan.width / plan.height;
  const wanted = Math.max(
    spot.x.size01 * scene.width * MARGIN,
    spot.y.size01 * scene.height * MARGIN * shape,
  );
  const most = Math.min(scene.width, scene.height * shape);
  if (wanted > most) return undefined;
  const width = Math.min(Math.max(wanted, plan.width), most);
  const size = { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(width / shape)) };
  const place = (middle01: number, whole: number, part: number): number =>
    Math.min(Math.max(0, Math.round(middle01 * whole - part / 2)), whole - part);
  return {
    ...size,
    left: place(spot.x.middle01, scene.width, size.width),
    top: place(spot.y.middle01, scene.height, size.height),
  };
}
