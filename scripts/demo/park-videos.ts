import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeParkVideo, type ParkVideoTruth, parkVideoKey, truthFileOf } from '../pet-park/park-video.ts';
import { LAYOUT } from './layout.ts';

export interface ParkVideo {
  readonly file: string;
  readonly truth: ParkVideoTruth;
}

/** The drawn video of a park, made once and kept. */
export async function ensureParkVideo(
  seed: number,
  seconds: number,
  signal: AbortSignal,
): Promise<ParkVideo> {
  const file = join(LAYOUT.videos, `${parkVideoKey(seed, seconds)}.mp4`);
  if (!existsSync(truthFileOf(file)) || !existsSync(file)) {
    process.stderr.write(`demo: drawing park ${seed} (${seconds} s of video, once) …\n`);
    await makeParkVideo({ seed, seconds, outFile: file, signal, onProgress: tellTenths(seconds) });
  }
  return { file, truth: JSON.parse(await readFile(truthFileOf(file), 'utf8')) as ParkVideoTruth };
}

/** A line for each tenth of the work. */
function tellTenths(
  seconds: number,
): (done: { readonly frames: number; readonly totalFrames: number }) => void {
  let told = 0;
  return ({ frames, totalFrames }) => {
    const tenths = Math.floor((10 * frames) / totalFrames);
    if (tenths > told) process.stderr.write(`demo: ${tenths * 10} % of ${seconds} s drawn\n`);
    told = tenths;
  };
}
