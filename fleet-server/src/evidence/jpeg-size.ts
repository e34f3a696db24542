export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** Baseline, extended and progressive frames; the others of C0 to CF are tables, or no JPEG people look at. */
const FRAMES = [0xc0, 0xc1, 0xc2];
/** After the marker: length, precision, height, width. */
const FRAME_BYTES = 9;

/**
 * How large a JPEG is, by its frame header (ITU-T T.81, B.2.2).
 * @returns undefined for what is no whole JPEG: one that has a frame and a scan, and ends as one ends
 */
export function findJpegSize(bytes: Uint8Array): PixelSize | undefined {
  if (!isMarker(bytes, 0, START_OF_IMAGE) || !isMarker(bytes, bytes.length - 2, END_OF_IMAGE))
    return undefined;
  let size: PixelSize | undefined;
  for (let at = 2; at + FRAME_BYTES <= bytes.length && bytes[at] === MARKER; ) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === START_OF_SCAN) return size;
    if (FRAMES.includes(marker))
      size = { width: readUint16(bytes, at + 7), height: readUint16(bytes, at + 5) };
    at += 2 + Math.max(2, readUint16(bytes, at + 2));
  }
  return undefined;
}

const isMarker = (bytes: Uint8Array, at: number, marker: number): boolean =>
  bytes[at] === MARKER && bytes[at + 1] === marker;

const readUint16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
