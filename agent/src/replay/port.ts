import type { FramePlan } from '../capture/port.ts';
import type { Prediction } from '../inference/port.ts';

/** A file to be replayed, by what its name says it is. */
export interface ReplayInput {
  readonly kind: 'picture' | 'video';
  readonly path: string;
  /** Path below the folder that was given, or the name of the file. */
  readonly name: string;
}

/** One classified frame. */
export interface ReplayedFrame {
  readonly input: string;
  /** Index of the frame among those replayed of its input. */
  readonly frame: number;
  readonly prediction: Prediction;
}

/**
 * Every frame of a video in its order, none left out or doubled, or `fps` of them per second of video; as rgb24 at
 * the size of the plan. The buffer is overwritten when the next frame is asked for.
 * @throws AppError PICTURE_UNREADABLE | CAPTURE_FAILED
 */
export type ReadVideo = (path: string, plan: FramePlan, fps?: number) => AsyncIterable<Uint8Array>;

/**
 * The same pixels as PNG, for formats the picture library does not read.
 * @throws AppError PICTURE_UNREADABLE | CAPTURE_FAILED
 */
export type ConvertPicture = (path: string) => Promise<Uint8Array>;
