import type { Area, Region } from '@watchpost/shared/config/settings.ts';
import type { CameraConfig } from '../../config/schema.ts';
import type { FramePlan } from '../port.ts';
import { planTensorFilter } from './frame-plan.ts';

/** What ffmpeg gives of each decoded picture, raw, for the agent itself. */
export type FrameOutput =
  /** Small and grey: what moves and whether the lens sees anything is judged by it. */
  | { readonly kind: 'gray' }
  /** rgb24 for a model. */
  | { readonly kind: 'tensor'; readonly plan: FramePlan; readonly region?: Region }
  /** The picture in its own shape, as large as squares are cut out of it; a PPM, which tells its size. */
  | { readonly kind: 'scene' };

/** Sides of the grey picture. */
export const GRAY = { width: 160, height: 90 } as const;

const SCENE_MAX_WIDTH = 640;

/** The grey picture first, then what the model sees: a tensor for each region and plan, or the scene. */
export function planOutputs(camera: CameraConfig, plans: readonly FramePlan[]): readonly FrameOutput[] {
  const gray: FrameOutput = { kind: 'gray' };
  if (camera.view === 'motion') return [gray, { kind: 'scene' }];
  const tensors = (region?: Region): readonly FrameOutput[] =>
    plans.map((plan) => ({ kind: 'tensor', plan, ...(region !== undefined && { region }) }));
  return [gray, ...(camera.regions.length === 0 ? tensors() : camera.regions.flatMap(tensors))];
}

/** From the decoded picture, masks painted, to this output. */
export function planOutputFilter(output: FrameOutput): string {
  if (output.kind === 'gray') return `scale=${GRAY.width}:${GRAY.height}:flags=area,format=gray`;
  if (output.kind === 'scene') return `scale='min(${SCENE_MAX_WIDTH},iw)':-2:flags=area,format=rgb24`;
  const filter = planTensorFilter(output.plan);
  return output.region === undefined ? filter : `${planCrop(output.region)},${filter}`;
}

/** Shares of the picture, whatever its size; never smaller than what chroma can be cut to. */
const planCrop = ({ x01, y01, width01, height01 }: Area): string =>
  `crop='max(2,iw*${width01})':'max(2,ih*${height01})':'iw*${x01}':'ih*${y01}'`;

/** Black, out to the next whole pixel. */
export function planMask({ x01, y01, width01, height01 }: Area): string {
  const [right01, bottom01] = [x01 + width01, y01 + height01].map((share) => Number(share.toFixed(6)));
  const [left, top] = [`floor(iw*${x01})`, `floor(ih*${y01})`];
  const [width, height] = [`ceil(iw*${right01})-${left}`, `ceil(ih*${bottom01})-${top}`];
  return `drawbox=x='${left}':y='${top}':w='${width}':h='${height}':color=black:t=fill`;
}
