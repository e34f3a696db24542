import type { DecodeTier } from './port.ts';

/** The longest wait for the next frame that still counts as flowing. All times are monotonic milliseconds. */
export interface FrameGrace {
  /** @returns the wait from this frame on */
  onFrame(nowMs: number, tier: DecodeTier): number;
  /** The stream is over; how long it takes until the next says nothing of its keyframes. */
  onFailure(): void;
}

const LEAST_MS = 2_000;
/** Until two keyframes told how often they come. */
const FIRST_KEYFRAMES_MS = 10_000;

/** Of a camera whose every frame comes `fps` times a second; its keyframes flow as long as they come as often as before. */
export function createFrameGrace(fps: number): FrameGrace {
  const usualMs = Math.max(LEAST_MS, 2_000 / fps);
  let lastKeyframeAtMs: number | undefined;
  return {
    onFrame(nowMs, tier) {
      const beforeMs = lastKeyframeAtMs;
      lastKeyframeAtMs = tier === 'keyframes' ? nowMs : undefined;
      if (tier === 'every') return usualMs;
      return beforeMs === undefined ? FIRST_KEYFRAMES_MS : Math.max(LEAST_MS, 2 * (nowMs - beforeMs));
    },
    onFailure() {
      lastKeyframeAtMs = undefined;
    },
  };
}
