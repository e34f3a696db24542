import { GRAY } from '../frames/frame-outputs.ts';
import type { PixelMap } from '../motion/counted-pixels.ts';

export interface ViewLimits {
  /** How often it is looked at. */
  readonly checkMs: number;
  /** A scene that moves more than this is not judged. */
  readonly calmShare01: number;
  /** How much calm time makes the view that is known. */
  readonly learnMs: number;
  /** How long the view has to be another one. */
  readonly movedMs: number;
  /** After so long the new view is the one that is known. */
  readonly adoptMs: number;
  /** Correlation of the edges below which it is another view. */
  readonly likeness01: number;
  /** Grey levels by which neighbours differ in the mean; in fog and in the dark there is nothing to go by. */
  readonly minEdge: number;
}

export const VIEW_LIMITS: ViewLimits = {
  checkMs: 1_000,
  calmShare01: 0.02,
  learnMs: 60_000,
  movedMs: 30_000,
  adoptMs: 600_000,
  likeness01: 0.5,
  minEdge: 1,
};

const COLUMNS = GRAY.width / 2;
const ROWS = GRAY.height / 2;
/** An outage is no calm time: pictures that are further apart count for so many checks. */
const MAX_STEP_CHECKS = 10;
/** Wind shakes a mast: so many cells to each side are the same view. */
const MAX_SHIFT = 2;

/** How much each cell of 2x2 pixels differs from its neighbours; -1 where it cannot be seen. Light changes it little. */
type Edges = Float32Array;

function findEdges(gray: Uint8Array, visible: PixelMap): Edges {
  const cells = new Float32Array(COLUMNS * ROWS);
  for (let y = 0, cell = 0; y < ROWS; y += 1) {
    for (let x = 0; x < COLUMNS; x += 1, cell += 1) {
      const at = 2 * y * GRAY.width + 2 * x;
      const below = at + GRAY.width;
      const isSeen = visible[at] === 1 && visible[below + 1] === 1;
      const sum = (gray[at] ?? 0) + (gray[at + 1] ?? 0) + (gray[below] ?? 0) + (gray[below + 1] ?? 0);
      cells[cell] = isSeen ? sum / 4 : -1;
    }
  }
  return cells.map((level, cell) => {
    const [right, below] = [cells[cell + 1] ?? -1, cells[cell + COLUMNS] ?? -1];
    const isBorder = (cell + 1) % COLUMNS === 0;
    if (level < 0 || right < 0 || below < 0 || isBorder) return -1;
    return Math.abs(right - level) + Math.abs(below - level);
  });
}

/** Correlation of two edge pictures, at the shift where they agree best. */
function compareEdges(now: Edges, known: Edges): number {
  let best = -1;
  for (let dy = -MAX_SHIFT; dy <= MAX_SHIFT; dy += 1) {
    for (let dx = -MAX_SHIFT; dx <= MAX_SHIFT; dx += 1) {
      best = Math.max(best, correlate(now, known, dx, dy));
    }
  }
  return best;
}

function correlate(now: Edges, known: Edges, dx: number, dy: number): number {
  let total = 0;
  let sums = 0;
  let knownSums = 0;
  let squares = 0;
  let knownSquares = 0;
  let products = 0;
  for (let y = MAX_SHIFT; y < ROWS - MAX_SHIFT; y += 1) {
    for (let x = MAX_SHIFT; x < COLUMNS - MAX_SHIFT; x += 1) {
      const edge = now[(y + dy) * COLUMNS + x + dx] ?? -1;
      const former = known[y * COLUMNS + x] ?? -1;
      if (edge < 0 || former < 0) continue;
      total += 1;
      sums += edge;
      knownSums += former;
      squares += edge * edge;
      knownSquares += former * former;
      products += edge * former;
    }
  }
  const spread = (total * squares - sums * sums) * (total * knownSquares - knownSums * knownSums);
  return spread > 0 ? (total * products - sums * knownSums) / Math.sqrt(spread) : 0;
}

/** The mean of several edge pictures. */
interface View {
  readonly edges: Edges;
  readonly forMs: number;
}

/** @returns true while it looks elsewhere than it used to */
export type ViewWatch = (gray: Uint8Array, motionShare01: number, nowMs: number) => boolean;

/**
 * Learns the view in calm moments, follows it slowly, and tells when the camera looks elsewhere: somebody turned it, or
 * it hangs. After a while the new view is the one that is known.
 */
export function createViewWatch(visible: PixelMap, limits: ViewLimits = VIEW_LIMITS): ViewWatch {
  let known: View | undefined;
  /** What it looks at instead. */
  let other: View | undefined;
  let isMoved = false;
  let checkedAtMs: number | undefined;

  const judge = (edges: Edges, elapsedMs: number): void => {
    if (known === undefined || known.forMs < limits.learnMs) {
      known = blend(known, edges, elapsedMs, limits.learnMs);
      return;
    }
    if (compareEdges(edges, known.edges) >= limits.likeness01) {
      known = blend(known, edges, elapsedMs, limits.adoptMs);
      other = undefined;
      isMoved = false;
      return;
    }
    const isSame = other === undefined || compareEdges(edges, other.edges) >= limits.likeness01;
    other = blend(isSame ? other : undefined, edges, elapsedMs, limits.learnMs);
    if (other.forMs >= limits.movedMs) isMoved = true;
    if (other.forMs < limits.movedMs + limits.adoptMs) return;
    known = other;
    other = undefined;
    isMoved = false;
  };

  return (gray, motionShare01, nowMs) => {
    const elapsedMs = nowMs - (checkedAtMs ?? nowMs - limits.checkMs);
    if (elapsedMs < limits.checkMs) return isMoved;
    checkedAtMs = nowMs;
    if (motionShare01 > limits.calmShare01) return isMoved;
    const edges = findEdges(gray, visible);
    if (meanOf(edges) >= limits.minEdge) judge(edges, Math.min(elapsedMs, MAX_STEP_CHECKS * limits.checkMs));
    return isMoved;
  };
}

/** The mean of all it has seen, and from `overMs` on a sliding one. */
function blend(before: View | undefined, edges: Edges, elapsedMs: number, overMs: number): View {
  if (before === undefined) return { edges, forMs: 0 };
  const forMs = before.forMs + elapsedMs;
  const share = Math.min(1, elapsedMs / Math.min(forMs, overMs));
  return { edges: before.edges.map((edge, at) => edge + ((edges[at] ?? 0) - edge) * share), forMs };
}

function meanOf(edges: Edges): number {
  let sum = 0;
  let seen = 0;
  for (const edge of edges) {
    if (edge < 0) continue;
    sum += edge;
    seen += 1;
  }
  return seen === 0 ? 0 : sum / seen;
}
