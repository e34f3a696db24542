import sharp from 'sharp';
import { agentError } from '../kernel/errors.ts';
import { fitPicture } from '../kernel/sharp-fit.ts';
import type { ReadPicture } from './port.ts';

export const readPicture: ReadPicture = async (picture, plan) => {
  try {
    // As people see it: turned as its EXIF data say, without transparency, three channels also when grey.
    const upright = sharp(picture).autoOrient().removeAlpha().toColourspace('srgb');
    return await fitPicture(upright, plan);
  } catch (cause) {
    const name = typeof picture === 'string' ? picture : `a picture of ${picture.length} bytes`;
    throw agentError('PICTURE_UNREADABLE', `${name} cannot be read as a picture`, { cause });
  }
};
