import type { CameraState } from '@watchpost/shared/messages/camera.ts';

/** What is seen in one view of a camera. `label` is absent while nothing is. */
export interface ViewState {
  /** Absent for the whole picture. */
  readonly region?: string;
  readonly label?: string;
  readonly score: number;
  /** Of the last change of label; unix milliseconds. */
  readonly sinceMs: number;
}

type Seen = Pick<CameraState, 'label' | 'score' | 'sinceMs' | 'regions'>;

/**
 * What a camera shows: what is seen with the highest score in any of its views, the one longest in view of equals; where
 * nothing is seen, since when that is so everywhere. Beside it each region.
 * @param views at least one
 */
export function computeCameraState(views: readonly [ViewState, ...ViewState[]]): Seen {
  const strongest = views.reduce((best, view) => (isStronger(view, best) ? view : best));
  const regions = views.flatMap(({ region, ...seen }) =>
    region === undefined ? [] : [{ id: region, ...seen }],
  );
  const { region: _, ...seen } = strongest;
  return { ...seen, ...(regions.length > 0 && { regions }) };
}

function isStronger(one: ViewState, other: ViewState): boolean {
  const isSeen = one.label !== undefined;
  if (isSeen !== (other.label !== undefined)) return isSeen;
  if (!isSeen) return one.sinceMs > other.sinceMs;
  return one.score > other.score || (one.score === other.score && one.sinceMs < other.sinceMs);
}
