import { createHttpPicture } from './http-picture.ts';
import { createWebcamPicture } from './node-webcam-picture.ts';
import type { OpenStills } from './take-picture.ts';

/** The still camera of these settings. */
export const openStills: OpenStills = ({ stillUrl, webcam }, credentials) => {
  if (stillUrl !== undefined) return createHttpPicture(stillUrl, credentials);
  return webcam === undefined ? undefined : createWebcamPicture(webcam);
};
