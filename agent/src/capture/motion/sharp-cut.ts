import sharp, { type KernelEnum, type Sharp } from 'sharp';
import type { Scene } from '../frames/scene.ts';
import { computeCoverBox, type FramePlan } from '../port.ts';
import type { Cut } from './motion-square.ts';

/** Sharp has no box filter; its linear one averages over the same pixels when it shrinks. */
const KERNELS: Readonly<Record<FramePlan['scaleFlags'], keyof KernelEnum>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  area: 'linear',
  lanczos: 'lanczos3',
};

/** This part of a scene, which has the shape of the plan, at the size of the plan. */
export function cutScene(
  scene: Scene,
  cut: Cut,
  { width, height, scaleFlags }: FramePlan,
): Promise<Uint8Array> {
  return open(scene)
    .extract(cut)
    .resize(width, height, { fit: 'fill', kernel: KERNELS[scaleFlags] })
    .raw()
    .toBuffer();
}

/** The whole scene, as the plan fits it. */
export async function fitScene(scene: Scene, plan: FramePlan): Promise<Uint8Array> {
  const { width, height, fit, padLevel = 0 } = plan;
  const kernel = KERNELS[plan.scaleFlags];
  if (fit !== 'cover') {
    const background = { r: padLevel, g: padLevel, b: padLevel };
    const sharpFit = fit === 'squash' ? 'fill' : 'contain';
    return open(scene).resize(width, height, { fit: sharpFit, kernel, background }).raw().toBuffer();
  }
  const box = computeCoverBox(plan);
  const cover = open(scene).resize(box.width, box.height, { fit: 'outside', kernel });
  const { data, info } = await cover.raw().toBuffer({ resolveWithObject: true });
  const left = Math.floor((info.width - width) / 2);
  const top = Math.floor((info.height - height) / 2);
  return open({ width: info.width, height: info.height, rgb: data })
    .extract({ left, top, width, height })
    .raw()
    .toBuffer();
}

const open = ({ rgb, width, height }: Scene): Sharp => sharp(rgb, { raw: { width, height, channels: 3 } });
