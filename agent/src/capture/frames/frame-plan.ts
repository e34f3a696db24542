import { computeCoverBox, type FramePlan, isSamePlan, type PlannedPicture } from '../port.ts';

/** What a camera produces while there is no model: enough to judge the picture, next to no work. */
export const IDLE_PLAN: FramePlan = { width: 160, height: 90, fit: 'squash', scaleFlags: 'area' };

export const frameBytes = (plan: FramePlan): number => plan.width * plan.height * 3;

/** Equal plans are one; without any, the camera's own. */
export function mergePlans(plans: readonly FramePlan[]): readonly FramePlan[] {
  if (plans.length === 0) return [IDLE_PLAN];
  return plans.filter((plan, at) => plans.findIndex((other) => isSamePlan(plan, other)) === at);
}

/** True when `plans` holds every one of `wanted`. */
export const coversPlans = (plans: readonly FramePlan[], wanted: readonly FramePlan[]): boolean =>
  wanted.every((plan) => plans.some((other) => isSamePlan(plan, other)));

/** The pictures of these plans, in their order; all there are while one of them is missing. */
export function choosePictures(
  pictures: readonly PlannedPicture[],
  wanted: readonly FramePlan[],
): readonly PlannedPicture[] {
  const chosen = wanted.flatMap((plan) => pictures.find((picture) => isSamePlan(picture.plan, plan)) ?? []);
  return chosen.length === wanted.length ? chosen : pictures;
}

/** The ffmpeg filters that make a plan's tensor out of a decoded picture. Golden frames rest on them. */
export function planTensorFilter(plan: FramePlan): string {
  const { width, height, fit, padLevel = 0, scaleFlags } = plan;
  const size = `${width}:${height}`;
  if (fit === 'squash') return `scale=${size}:flags=${scaleFlags},format=rgb24`;
  if (fit === 'letterbox') {
    const hex = padLevel.toString(16).padStart(2, '0').repeat(3);
    const pad = `pad=${size}:(ow-iw)/2:(oh-ih)/2:color=0x${hex}`;
    return `scale=${size}:force_original_aspect_ratio=decrease:flags=${scaleFlags},format=rgb24,${pad}`;
  }
  const box = computeCoverBox(plan);
  const cover = `scale=${box.width}:${box.height}:force_original_aspect_ratio=increase:flags=${scaleFlags}`;
  // Cropped as rgb24: with subsampled chroma the offset would be rounded to even pixels.
  return `${cover},format=rgb24,crop=${size}:ceil((iw-ow)/2):ceil((ih-oh)/2)`;
}
