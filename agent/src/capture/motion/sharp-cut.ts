import { fitPicture, KERNELS, openPixels } from '../../kernel/sharp-fit.ts';
import type { Scene } from '../frames/scene.ts';
import type { FramePlan } from '../port.ts';
import type { Cut } from './motion-square.ts';

/** This part of a scene, which has the shape of the plan, at the size of the plan. */
export function cutScene(
  scene: Scene,
  cut: Cut,
  { width, height, scaleFlags }: FramePlan,
): Promise<Uint8Array> {
  return openPixels(scene)
    .extract(cut)
    .resize(width, height, { fit: 'fill', kernel: KERNELS[scaleFlags] })
    .raw()
    .toBuffer();
}

/** The whole scene, as the plan fits it. */
export const fitScene = (scene: Scene, plan: FramePlan): Promise<Uint8Array> =>
  fitPicture(openPixels(scene), plan);
