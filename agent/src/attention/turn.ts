/** Long enough for a decision: at a keyframe every one or two seconds, five votes or more. */
export const TURN_MS = 12_000;

/** Whose turn it is, one after the other, each for `TURN_MS`. @param places in a lasting order */
export function whoseTurn(places: readonly string[], nowMs: number): string | undefined {
  return places[Math.floor(nowMs / TURN_MS) % Math.max(1, places.length)];
}
