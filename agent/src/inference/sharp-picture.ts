import sharp, { type KernelEnum, type OutputInfo, type Sharp } from 'sharp';
import { computeCoverBox, type FramePlan } from '../capture/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { ReadPicture } from './port.ts';

/** Sharp has no box filter; its linear one averages over the same pixels when it shrinks. */
const KERNELS: Readonly<Record<FramePlan['scaleFlags'], keyof KernelEnum>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  area: 'linear',
  lanczos: 'lanczos3',
};

export const readPicture: ReadPicture = async (picture, plan) => {
  try {
    // As people see it: turned as its EXIF data say, without transparency, three channels also when grey.
    const upright = sharp(picture).autoOrient().removeAlpha().toColourspace('srgb');
    return await resize(upright, plan);
  } catch (cause) {
    const name = typeof picture === 'string' ? picture : `a picture of ${picture.length} bytes`;
    throw agentError('PICTURE_UNREADABLE', `${name} cannot be read as a picture`, { cause });
  }
};

async function resize(picture: Sharp, plan: FramePlan): Promise<Uint8Array> {
  const { width, height, fit, padLevel = 0 } = plan;
  const kernel = KERNELS[plan.scaleFlags];
  if (fit !== 'cover') {
    const background = { r: padLevel, g: padLevel, b: padLevel };
    const sharpFit = fit === 'squash' ? 'fill' : 'contain';
    return picture.resize(width, height, { fit: sharpFit, kernel, background }).raw().toBuffer();
  }
  const box = computeCoverBox(plan);
  const { data, info } = await picture
    .resize(box.width, box.height, { fit: 'outside', kernel })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return cutCentre(data, info, plan);
}

/** Where the middle lies between two pixels, the right and the lower one: as the filters of the cameras do. */
function cutCentre(data: Buffer, info: OutputInfo, { width, height }: FramePlan): Promise<Uint8Array> {
  const left = Math.ceil((info.width - width) / 2);
  const top = Math.ceil((info.height - height) / 2);
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .extract({ left, top, width, height })
    .raw()
    .toBuffer();
}
