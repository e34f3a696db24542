import type { FoundStream } from './port.ts';

export interface Need {
  /** Size of the model's input. */
  readonly width: number;
  readonly height: number;
  /** Frames classified a second. */
  readonly fps: number;
  /** Codecs that are decoded by hardware of this box. */
  readonly hardware: readonly FoundStream['codec'][];
}

/** What a pixel costs to decode in software, against H.264. */
const COST: Readonly<Record<FoundStream['codec'], number>> = {
  H264: 1,
  H265: 2,
  JPEG: 1.5,
  MPEG4: 1,
  unknown: 4,
};
const USUAL_FPS = 25;

/**
 * The stream that is best for a model: large enough for its input and fast enough, and of those the one that costs the
 * least to decode. Decoding is nearly all of the work of a camera. Without one that is large enough, the largest.
 */
export function chooseStream(streams: readonly FoundStream[], need: Need): FoundStream | undefined {
  const isLarge = ({ width, height }: FoundStream): boolean => width >= need.width && height >= need.height;
  const isFast = ({ framesPerSec = USUAL_FPS }: FoundStream): boolean => framesPerSec >= need.fps;
  const large = streams.filter(isLarge);
  if (large.length === 0) return streams.toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  const fast = large.filter(isFast);
  const fit = fast.length === 0 ? large : fast;
  return fit.toSorted((a, b) => costOf(a, need) - costOf(b, need))[0];
}

function costOf({ codec, width, height, framesPerSec = USUAL_FPS }: FoundStream, { hardware }: Need): number {
  const perPixel = hardware.includes(codec) ? COST.H264 : COST[codec];
  return perPixel * width * height * framesPerSec;
}
