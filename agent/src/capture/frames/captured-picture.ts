import type { FramePlan, FrameView, PlannedPicture } from '../port.ts';
import { type FrameOutput, GRAY } from './frame-outputs.ts';
import { choosePictures, frameBytes } from './frame-plan.ts';
import { type ChunkSink, createFrameSplitter } from './frame-splitter.ts';
import { createSceneSplitter, type Scene } from './scene.ts';

/** One decoded picture, in every form that was asked for. */
export interface CapturedPicture {
  /** Of the sides `GRAY`. */
  readonly gray: Uint8Array;
  /** What ffmpeg cut for the models: a view for each region, or one; none where there is a scene. */
  readonly views: readonly FrameView[];
  /** What the views are cut out of. */
  readonly scene?: Scene;
}

/** What one output gives of one picture. */
export type PicturePart = Uint8Array | Scene;

export function createPartSplitter(output: FrameOutput, onPart: (part: PicturePart) => void): ChunkSink {
  if (output.kind === 'scene') return createSceneSplitter(onPart);
  const bytes = output.kind === 'gray' ? GRAY.width * GRAY.height : frameBytes(output.plan);
  return createFrameSplitter(bytes, onPart);
}

/** @param parts one for each of the outputs, in their order */
export function joinParts(outputs: readonly FrameOutput[], parts: readonly PicturePart[]): CapturedPicture {
  const pictures = new Map<string | undefined, PlannedPicture[]>();
  let gray: Uint8Array = new Uint8Array();
  let scene: Scene | undefined;
  for (const [at, part] of parts.entries()) {
    const output = outputs[at];
    if (!(part instanceof Uint8Array)) scene = part;
    else if (output?.kind === 'tensor') {
      const region = output.region?.id;
      pictures.set(region, [...(pictures.get(region) ?? []), { plan: output.plan, rgb: part }]);
    } else gray = part;
  }
  const views = [...pictures].map(([region, made]) => ({
    ...(region !== undefined && { region }),
    pictures: made,
  }));
  return { gray, views, ...(scene !== undefined && { scene }) };
}

/** With the pictures of these plans only, in their order; all there are while one of them is missing. */
export const chooseViews = (
  views: readonly FrameView[],
  wanted: readonly FramePlan[],
): readonly FrameView[] =>
  views.map((view) => ({ ...view, pictures: choosePictures(view.pictures, wanted) }));
