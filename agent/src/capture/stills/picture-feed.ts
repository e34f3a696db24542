import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { type StreamFailure, toStreamFailure } from '../sources/stream-error.ts';
import type { TakePicture } from './take-picture.ts';

export interface PictureFeed {
  readonly takePicture: TakePicture;
  /** Resolves when there is room for the next picture, or nobody reads any more. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly fps: number;
  /** A shot that takes longer has failed. */
  readonly shotMs: number;
  readonly nowMs: () => number;
}

/**
 * Takes one picture after the other, never two at once, and hands each to ffmpeg as a part of a multipart stream: with
 * its length told, ffmpeg need not wait for the next picture to know where this one ends.
 * @returns what went wrong, which ends the feed; undefined once `signal` is aborted
 */
export async function feedPictures(
  { takePicture, write, fps, shotMs, nowMs }: PictureFeed,
  signal: AbortSignal,
): Promise<StreamFailure | undefined> {
  let dueMs = nowMs();
  while (!signal.aborted) {
    try {
      const picture = await takePicture(AbortSignal.any([signal, AbortSignal.timeout(shotMs)]));
      if (signal.aborted) break;
      await write(multipart(picture));
    } catch (error) {
      return signal.aborted ? undefined : toStreamFailure(error);
    }
    // What was missed is not made up for.
    const now = nowMs();
    dueMs = Math.max(dueMs + 1000 / fps, now);
    await waitMs(dueMs - now, signal);
  }
  return undefined;
}

function multipart(picture: Uint8Array): Uint8Array {
  const head = `--picture\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), picture, Buffer.from('\r\n')]);
}
