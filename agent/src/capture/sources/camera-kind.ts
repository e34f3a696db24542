import type { CameraConfig } from '../../config/schema.ts';

/** Has an end, and a picture at every position; its clock can be trusted. */
export const isRecording = ({ file, folder }: CameraConfig): boolean =>
  file !== undefined || folder !== undefined;

/** Gives one picture at each request. */
export const isStill = ({ stillUrl, webcam }: CameraConfig): boolean =>
  stillUrl !== undefined || webcam !== undefined;

/** Waits for whoever takes its frames, so that none is skipped. */
export const isPatient = (camera: CameraConfig): boolean => isRecording(camera) && camera.pace === 'full';

/**
 * Keyframes alone are worth a stream of their own. The pictures of MJPEG and still sources all are, recordings have to
 * give each of theirs, and a device cannot be opened twice.
 */
export const hasTiers = ({ url }: CameraConfig): boolean => url?.startsWith('rtsp') ?? false;
