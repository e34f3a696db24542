import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createJpegSplitter } from '../../agent/src/capture/frames/frame-splitter.ts';

const run = promisify(execFile);

export interface ClipFolder {
  readonly path: string;
  /** Red left half, blue right half, with a little noise. */
  halves(seconds: number): Promise<string>;
  /** 25 fps; the grey value of a frame tells its number: see `frameNumberOf`. */
  numbered(seconds: number): Promise<string>;
  /** One colour; with the noise every camera has, unless `still`. */
  solid(colour: string, seconds: number, still?: 'still'): Promise<string>;
  /** Whatever a graph of ffmpeg's filters draws. */
  drawn(name: string, graph: string, seconds: number): Promise<string>;
  /** JPEGs of a moving picture, or of what a graph draws in two seconds. */
  jpegs(graph?: string): Promise<readonly Uint8Array[]>;
  remove(): Promise<void>;
}

const LEFT_RIGHT =
  'color=red:s=160x180:r=10[l];color=blue:s=160x180:r=10[r];[l][r]hstack,noise=alls=4:allf=t';
/** Luma 16 + 4 n, so that the frames of two seconds fit into the video range. */
const NUMBERED = "color=black:s=64x36:r=25,geq=lum='16+4*N':cb=128:cr=128";

/** Makes test clips with ffmpeg, in a folder of its own. */
export async function createClipFolder(): Promise<ClipFolder> {
  const path = await mkdtemp(join(tmpdir(), 'watchpost-clips-'));
  const encode: ClipFolder['drawn'] = async (name, graph, seconds) => {
    const file = join(path, `${name}-${seconds}.mp4`);
    const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-bf', '0', '-g', '10'];
    const output = ['-t', String(seconds), '-pix_fmt', 'yuv420p', ...codec, file];
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', graph, ...output]);
    return file;
  };
  return {
    path,
    halves: (seconds) => encode('halves', LEFT_RIGHT, seconds),
    numbered: (seconds) => encode('numbered', NUMBERED, seconds),
    solid: (colour, seconds, still) => {
      const noise = still === undefined ? ',noise=alls=4:allf=t' : '';
      return encode(`${colour}-${still ?? 'live'}`, `color=${colour}:s=320x180:r=10${noise}`, seconds);
    },
    drawn: encode,
    async jpegs(graph = 'testsrc2=s=320x180:r=10') {
      const file = join(path, 'pictures.mjpeg');
      const input = ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', graph, '-t', '2'];
      await run('ffmpeg', [...input, '-f', 'mjpeg', file]);
      const pictures: Uint8Array[] = [];
      createJpegSplitter((jpeg) => pictures.push(jpeg))(await readFile(file));
      return pictures;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Which frame of a `numbered` clip this rgb24 picture shows. */
export const frameNumberOf = (rgb: Uint8Array): number => Math.round(((rgb[0] ?? 0) * 219) / 255 / 4);
