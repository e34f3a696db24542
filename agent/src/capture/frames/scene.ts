import type { ChunkSink } from './frame-splitter.ts';

/** A picture in its own shape, rgb24. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** As ffmpeg writes it: a line each for the kind, the sides and the highest level. */
const PPM_HEADER = /^P6\n(\d+) (\d+)\n255\n$/;
const HEADER_MAX_CHARS = 24;

/**
 * Cuts a stream of PPM pictures, which tell their sizes. The receiver owns each scene.
 * @throws Error (the sink) for anything else, which ffmpeg does not write
 */
export function createSceneSplitter(onScene: (scene: Scene) => void): ChunkSink {
  let header = '';
  let scene: Scene | undefined;
  let filled = 0;
  const takeHeader = (chunk: Uint8Array): number => {
    let taken = 0;
    while (scene === undefined && taken < chunk.length) {
      header += String.fromCharCode(chunk[taken] ?? 0);
      taken += 1;
      scene = parseHeader(header);
    }
    if (scene !== undefined) header = '';
    return taken;
  };
  const takePixels = (chunk: Uint8Array, whole: Scene): number => {
    const part = chunk.subarray(0, whole.rgb.length - filled);
    whole.rgb.set(part, filled);
    filled += part.length;
    if (filled === whole.rgb.length) {
      scene = undefined;
      filled = 0;
      onScene(whole);
    }
    return part.length;
  };
  return (chunk) => {
    for (let rest = chunk; rest.length > 0; ) {
      rest = rest.subarray(scene === undefined ? takeHeader(rest) : takePixels(rest, scene));
    }
  };
}

function parseHeader(header: string): Scene | undefined {
  const [, width, height] = PPM_HEADER.exec(header) ?? [];
  if (width === undefined || height === undefined) {
    if (header.length >= HEADER_MAX_CHARS)
      throw new Error(`ffmpeg gave no picture: ${JSON.stringify(header)}`);
    return undefined;
  }
  const sides = { width: Number(width), height: Number(height) };
  return { ...sides, rgb: new Uint8Array(sides.width * sides.height * 3) };
}
