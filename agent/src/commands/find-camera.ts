import type { Camera } from '../capture/port.ts';
import { agentError } from '../kernel/errors.ts';

/** @throws AppError CAMERA_UNKNOWN */
export function findCamera(cameras: readonly Camera[], id: string): Camera {
  const camera = cameras.find((candidate) => candidate.id === id);
  if (camera !== undefined) return camera;
  const known = cameras.map((candidate) => candidate.id).join(', ') || 'none';
  throw agentError('CAMERA_UNKNOWN', `there is no camera "${id}" on this box, but ${known}`);
}
