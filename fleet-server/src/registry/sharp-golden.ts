import type { Preprocess } from '@watchpost/shared/bundle/manifest.ts';
import sharp, { type FitEnum, type KernelEnum } from 'sharp';
import { serverError } from '../kernel/errors.ts';
import type { GoldenPicture } from './bundle-builder.ts';
import type { FrameSize } from './preprocess-choice.ts';

/** sharp has no box filter; its linear one averages over the same pixels when it shrinks. */
const KERNELS: Readonly<Record<NonNullable<Preprocess['scale_flags']>, keyof KernelEnum>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  area: 'linear',
  lanczos: 'lanczos3',
};

const FITS: Readonly<Record<FrameSize['fit'], keyof FitEnum>> = {
  cover: 'cover',
  squash: 'fill',
  letterbox: 'contain',
};

/**
 * Brings a picture to `frame`: upright, without transparency, three channels.
 * @throws AppError PICTURE_UNREADABLE
 */
export async function renderGolden(
  path: string,
  frame: FrameSize,
  scaleFlags: Preprocess['scale_flags'] = 'bicubic',
): Promise<GoldenPicture> {
  if (path.toLowerCase().endsWith('.bmp'))
    throw serverError('PICTURE_UNREADABLE', `${path} is a BMP, which cannot be read here: convert it to PNG`);
  const { padLevel = 0 } = frame;
  try {
    const { data, info } = await sharp(path)
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .resize(frame.width, frame.height, {
        fit: FITS[frame.fit],
        background: { r: padLevel, g: padLevel, b: padLevel },
        kernel: KERNELS[scaleFlags],
      })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const png = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    return { png, picture: { width, height, rgb: data } };
  } catch (cause) {
    throw serverError('PICTURE_UNREADABLE', `${path} cannot be read as a picture`, { cause });
  }
}
