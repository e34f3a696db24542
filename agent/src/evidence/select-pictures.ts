import { MAX_EVIDENCE_PICTURE_BYTES } from '@watchpost/shared/messages/evidence.ts';
import type { TimedPicture } from '../capture/port.ts';

/** Before the decision; a longer pre-roll has larger steps. */
export const MAX_BEFORE = 8;
/** A picture this far from the frame that decided still shows what was decided on. */
const NEAR_MS = 2_000;

/**
 * The pictures of the seconds before a decision and the one nearest to it, oldest first: as many as a sighting may have
 * before it, evenly spread, the first of them always the oldest.
 * @param recent oldest first
 */
export function selectBefore(
  recent: readonly TimedPicture[],
  frameAtMs: number,
  preRollMs: number,
): readonly TimedPicture[] {
  const usable = recent.filter(isUsable);
  const nearest = usable
    .filter(({ capturedAtMs }) => Math.abs(capturedAtMs - frameAtMs) <= NEAR_MS)
    .reduce<TimedPicture | undefined>((best, picture) => nearerTo(frameAtMs, best, picture), undefined);
  if (nearest === undefined) return [];
  const before = usable.filter(
    ({ capturedAtMs }) =>
      capturedAtMs >= frameAtMs - preRollMs && capturedAtMs < Math.min(nearest.capturedAtMs, frameAtMs),
  );
  return [...thin(before), nearest];
}

/** The newest picture, if it was taken after `sinceMs`. */
export function selectAfter(recent: readonly TimedPicture[], sinceMs: number): TimedPicture | undefined {
  return recent.findLast((picture) => isUsable(picture) && picture.capturedAtMs > sinceMs);
}

/** A server takes no longer one. */
const isUsable = ({ jpeg }: TimedPicture): boolean =>
  jpeg.length > 0 && jpeg.length <= MAX_EVIDENCE_PICTURE_BYTES;

function nearerTo(atMs: number, best: TimedPicture | undefined, other: TimedPicture): TimedPicture {
  if (best === undefined) return other;
  return Math.abs(other.capturedAtMs - atMs) < Math.abs(best.capturedAtMs - atMs) ? other : best;
}

function thin(pictures: readonly TimedPicture[]): readonly TimedPicture[] {
  if (pictures.length <= MAX_BEFORE) return pictures;
  const step = pictures.length / MAX_BEFORE;
  return pictures.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}
