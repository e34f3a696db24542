import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CameraConfig } from '../../config/schema.ts';
import { agentError } from '../../kernel/errors.ts';
import type { Clip } from './clip.ts';
import { groupClips } from './group-clips.ts';

/** A clip and where it stands in the whole recording. */
export interface PlacedClip {
  readonly clip: Clip;
  /** Number of its first frame. */
  readonly startsAt: number;
}

export interface ClipEnd {
  /** Frames of the whole recording up to there. */
  readonly frames: number;
  /** The picture it ended at, which could not be opened: those behind it are the next clip. */
  readonly unopened?: string;
}

/**
 * The clips of a recording, one after the other. How many frames a clip has is known once it was played, so a frame
 * can be found in what was played, and in the clip that comes next.
 */
export interface Playlist {
  /**
   * Before each pass: what was put into the folder meanwhile is played in it.
   * @throws AppError CAMERA_NOT_FOUND, CAMERA_FORMAT
   */
  rewind(): Promise<void>;
  /** @returns undefined behind the last clip */
  find(index: number): PlacedClip | undefined;
  /** The clip that starts there is over; the next one starts where it ended. */
  finish(placed: PlacedClip, end: ClipEnd): void;
}

/** @returns undefined for a camera that is no recording */
export function createPlaylist({ file, folder }: CameraConfig): Playlist | undefined {
  if (folder !== undefined) return new ClipList(() => readFolder(folder));
  return file === undefined ? undefined : new ClipList(async () => [{ kind: 'video', path: file }]);
}

class ClipList implements Playlist {
  readonly #read: () => Promise<readonly Clip[]>;
  #clips: readonly Clip[] = [];
  /** Where each clip starts, as far as it is known: one more than were played. */
  #starts: readonly number[] = [];

  constructor(read: () => Promise<readonly Clip[]>) {
    this.#read = read;
  }

  async rewind(): Promise<void> {
    this.#clips = await this.#read();
    this.#starts = [0];
  }

  find(index: number): PlacedClip | undefined {
    const at = this.#starts.findLastIndex((start) => start <= index);
    const clip = this.#clips[at];
    return clip === undefined ? undefined : { clip, startsAt: this.#starts[at] ?? 0 };
  }

  finish({ clip }: PlacedClip, { frames, unopened }: ClipEnd): void {
    const at = this.#clips.indexOf(clip);
    if (at < 0 || at !== this.#starts.length - 1) return;
    this.#starts = [...this.#starts, frames];
    this.#clips = this.#clips.toSpliced(at + 1, 0, ...clipBehind(clip, unopened));
  }
}

function clipBehind(clip: Clip, unopened: string | undefined): readonly Clip[] {
  if (clip.kind === 'video' || unopened === undefined || !clip.paths.includes(unopened)) return [];
  const paths = clip.paths.slice(clip.paths.indexOf(unopened) + 1);
  return paths.length === 0 ? [] : [{ kind: 'pictures', paths }];
}

async function readFolder(folder: string): Promise<readonly Clip[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw agentError('CAMERA_NOT_FOUND', `folder ${folder} cannot be read`, { cause });
  });
  const clips = groupClips(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name));
  if (clips.length === 0) throw agentError('CAMERA_FORMAT', `folder ${folder} holds no video and no picture`);
  return clips.map((clip) =>
    clip.kind === 'video'
      ? { ...clip, path: join(folder, clip.path) }
      : { ...clip, paths: clip.paths.map((path) => join(folder, path)) },
  );
}
