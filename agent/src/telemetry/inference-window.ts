import type { InferenceWindow } from '@watchpost/shared/messages/telemetry.ts';
import type { InferenceReading } from './port.ts';

/**
 * What one model did between the first reading and the last; undefined where no model ran, or not the same one all
 * the time: what it did could not be told from what another did.
 * @param readings in order of time
 */
export function computeInferenceWindow(readings: readonly InferenceReading[]): InferenceWindow | undefined {
  const first = readings[0];
  const last = readings.at(-1);
  if (first === undefined || last === undefined || readings.length < 2) return undefined;
  const { digest } = last;
  if (digest === undefined || readings.some((reading) => reading.digest !== digest)) return undefined;
  return {
    digest,
    framesCaptured: Math.max(0, last.framesCaptured - first.framesCaptured),
    ...(last.framesDue !== undefined && {
      framesDue: Math.max(0, last.framesDue - (first.framesDue ?? 0)),
    }),
    framesClassified: Math.max(0, last.framesClassified - first.framesClassified),
    framesFailed: Math.max(0, last.framesFailed - first.framesFailed),
    ...(last.inferP95Ms !== undefined && { inferP95Ms: last.inferP95Ms }),
  };
}
