import type { PixelMap } from '../motion/counted-pixels.ts';
import {
  judgePicture,
  measurePicture,
  PICTURE_LIMITS,
  type PictureHistory,
  type PictureLimits,
  type PictureVerdict,
} from './picture-watch.ts';
import { createViewWatch, VIEW_LIMITS, type ViewLimits } from './view-watch.ts';

/** `moved`: it sees well, but not what it used to see. */
export type LensVerdict = PictureVerdict | 'moved';

export interface LensLimits {
  readonly picture: PictureLimits;
  readonly view: ViewLimits;
}

export const LENS_LIMITS: LensLimits = { picture: PICTURE_LIMITS, view: VIEW_LIMITS };

/** Looks at one grey picture after the other. */
export type LensWatch = (gray: Uint8Array, motionShare01: number, nowMs: number) => LensVerdict;

export function createLensWatch(visible: PixelMap, limits: LensLimits = LENS_LIMITS): LensWatch {
  const watchView = createViewWatch(visible, limits.view);
  let history: PictureHistory | undefined;
  return (gray, motionShare01, nowMs) => {
    const judged = judgePicture(measurePicture(gray, visible), history, nowMs, limits.picture);
    history = judged.history;
    // What hides the lens, be it for a moment, is no view.
    if (judged.verdict !== 'clear' || history.hidden > 0) return judged.verdict;
    return watchView(gray, motionShare01, nowMs) ? 'moved' : 'clear';
  };
}
