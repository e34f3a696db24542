import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import type { CameraConfig } from './config/schema.ts';

/** What is to be done with each camera so that there are those of another list. */
export interface CameraPlan {
  /** Nothing changed: not touched at all. */
  readonly keep: readonly string[];
  readonly stop: readonly string[];
  /** Stopped, then started with other settings: a camera may allow one connection only. */
  readonly replace: readonly CameraConfig[];
  readonly start: readonly CameraConfig[];
}

export function planCameras(before: readonly CameraConfig[], after: readonly CameraConfig[]): CameraPlan {
  const settings = new Map(before.map((camera) => [camera.id, canonicalJson(camera)]));
  const wanted = new Set(after.map(({ id }) => id));
  const isKnown = ({ id }: CameraConfig): boolean => settings.has(id);
  const isSame = (camera: CameraConfig): boolean => settings.get(camera.id) === canonicalJson(camera);
  return {
    keep: after.filter(isSame).map(({ id }) => id),
    stop: before.filter(({ id }) => !wanted.has(id)).map(({ id }) => id),
    replace: after.filter((camera) => isKnown(camera) && !isSame(camera)),
    start: after.filter((camera) => !isKnown(camera)),
  };
}
