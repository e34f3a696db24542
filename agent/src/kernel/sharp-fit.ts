import sharp, { type KernelEnum, type Sharp } from 'sharp';
import { computeCoverBox, type FramePlan } from './frame-plan.ts';

/** Sharp has no box filter; its linear one averages over the same pixels when it shrinks. */
export const KERNELS: Readonly<Record<FramePlan['scaleFlags'], keyof KernelEnum>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  area: 'linear',
  lanczos: 'lanczos3',
};

/** Rows of rgb24. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export const openPixels = ({ rgb, width, height }: Pixels): Sharp =>
  sharp(rgb, { raw: { width, height, channels: 3 } });

/** The whole of a picture of three channels, as the plan fits it. */
export async function fitPicture(picture: Sharp, plan: FramePlan): Promise<Uint8Array> {
  const { width, height, fit, padLevel = 0 } = plan;
  const kernel = KERNELS[plan.scaleFlags];
  if (fit !== 'cover') {
    const background = { r: padLevel, g: padLevel, b: padLevel };
    const sharpFit = fit === 'squash' ? 'fill' : 'contain';
    return picture.resize(width, height, { fit: sharpFit, kernel, background }).raw().toBuffer();
  }
  const box = computeCoverBox(plan);
  const cover = picture.resize(box.width, box.height, { fit: 'outside', kernel });
  const { data, info } = await cover.raw().toBuffer({ resolveWithObject: true });
  // Where the middle lies between two pixels, the right and the lower one: as the filters of the cameras do.
  const left = Math.ceil((info.width - width) / 2);
  const top = Math.ceil((info.height - height) / 2);
  return openPixels({ width: info.width, height: info.height, rgb: data })
    .extract({ left, top, width, height })
    .raw()
    .toBuffer();
}
