import type { FramePlan } from './port.ts';

/** What a camera produces while there is no model: enough to judge the picture, next to no work. */
export const IDLE_PLAN: FramePlan = { width: 160, height: 90, fit: 'squash', scaleFlags: 'area' };

export const frameBytes = (plan: FramePlan): number => plan.width * plan.height * 3;

export function isSamePlan(a: FramePlan, b: FramePlan): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.fit === b.fit &&
    a.shortestEdge === b.shortestEdge &&
    a.scaleFlags === b.scaleFlags
  );
}

/** The ffmpeg filters that make a plan's tensor out of a decoded picture. Golden frames rest on them. */
export function planTensorFilter(plan: FramePlan): string {
  const { width, height, fit, shortestEdge, scaleFlags } = plan;
  if (fit === 'squash') return `scale=${width}:${height}:flags=${scaleFlags},format=rgb24`;
  // Never smaller than the crop, which would otherwise fail.
  const edge = Math.max(shortestEdge ?? 0, width, height);
  const size =
    shortestEdge === undefined
      ? `${width}:${height}:force_original_aspect_ratio=increase`
      : `'if(lt(iw,ih),${edge},-1)':'if(lt(iw,ih),-1,${edge})'`;
  // Cropped as rgb24: with subsampled chroma the offset would be rounded to even pixels.
  return `scale=${size}:flags=${scaleFlags},format=rgb24,crop=${width}:${height}`;
}
