import type { Area } from '@watchpost/shared/config/settings.ts';
import type { CameraConfig } from '../../config/schema.ts';
import { GRAY } from '../frames/frame-outputs.ts';

/** One byte for each pixel of the grey picture: 1 where it counts. */
export type PixelMap = Uint8Array;

/** What can be seen: all but what is masked. */
export function planVisible({ masks }: Pick<CameraConfig, 'masks'>): PixelMap {
  const map = new Uint8Array(GRAY.width * GRAY.height).fill(1);
  for (const mask of masks) fillArea(map, mask, 0);
  return map;
}

/** What is looked at: what can be seen of the regions, or of the whole picture. */
export function planWatched(camera: Pick<CameraConfig, 'masks' | 'regions'>): PixelMap {
  const visible = planVisible(camera);
  if (camera.regions.length === 0) return visible;
  const regions = new Uint8Array(visible.length);
  for (const region of camera.regions) fillArea(regions, region, 1);
  return regions.map((isInside, at) => isInside & (visible[at] ?? 0));
}

/** Every pixel the area touches. */
function fillArea(map: PixelMap, { x01, y01, width01, height01 }: Area, value: 0 | 1): void {
  const [left, right] = [Math.floor(x01 * GRAY.width), Math.ceil((x01 + width01) * GRAY.width)];
  const [top, bottom] = [Math.floor(y01 * GRAY.height), Math.ceil((y01 + height01) * GRAY.height)];
  for (let y = top; y < Math.min(bottom, GRAY.height); y += 1) {
    map.fill(value, y * GRAY.width + left, y * GRAY.width + Math.min(right, GRAY.width));
  }
}
