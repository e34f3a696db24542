import type { EvidencePicture } from '@watchpost/shared/api/evidence.ts';
import { formatNumber } from '../shell/format.ts';

/** Below a picture: how far from the decision it was taken. The one nearest to it is of the decision. */
export function captionOf({ offsetMs }: EvidencePicture, all: readonly EvidencePicture[]): string {
  if (isOfDecision(offsetMs, all)) return 'decided';
  return `${offsetMs < 0 ? '−' : '+'}${formatNumber(Math.abs(offsetMs) / 1000, 1)} s`;
}

/** For who cannot see it: what was seen where, and when by the decision. */
export function describePicture(
  { offsetMs }: EvidencePicture,
  all: readonly EvidencePicture[],
  what: string,
): string {
  if (isOfDecision(offsetMs, all)) return `${what}, as it was decided`;
  const distance = formatNumber(Math.abs(offsetMs) / 1000, 1);
  return `${what}, ${distance} s ${offsetMs < 0 ? 'before' : 'after'} the decision`;
}

const isOfDecision = (offsetMs: number, all: readonly EvidencePicture[]): boolean =>
  all.every((other) => Math.abs(offsetMs) <= Math.abs(other.offsetMs));
