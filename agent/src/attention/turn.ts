/** Long enough for a decision: at a keyframe every one or two seconds, five votes or more. */
export const TURN_MS = 12_000;

/** Whose turn it is, one after the other, each for `TURN_MS`. @param cameras in a lasting order */
export function whoseTurn(cameras: readonly string[], nowMs: number): string | undefined {
  return cameras[Math.floor(nowMs / TURN_MS) % Math.max(1, cameras.length)];
}
