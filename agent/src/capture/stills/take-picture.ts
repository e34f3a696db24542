import type { CameraConfig } from '../../config/schema.ts';
import type { Credentials } from '../sources/camera-url.ts';

/**
 * Takes one picture of a still camera: a whole JPEG. Whoever calls it waits for it: never two at once.
 * @param signal aborted when it takes too long or is no longer wanted; nothing of the shot is left then
 * @throws AppError CAMERA_... or CAPTURE_FAILED
 */
export type TakePicture = (signal: AbortSignal) => Promise<Uint8Array>;

/** @returns undefined for a camera that streams by itself */
export type OpenStills = (camera: CameraConfig, credentials?: Credentials) => TakePicture | undefined;

/** More than any camera's picture. */
export const PICTURE_MAX_BYTES = 32 * 1024 * 1024;

/** True when these bytes begin as a JPEG does. */
export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;
