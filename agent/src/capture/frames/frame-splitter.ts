/** Takes the chunks of a byte stream in order. */
export type ChunkSink = (chunk: Uint8Array) => void;

/**
 * Cuts a stream of raw pictures into frames of `sizeBytes`. Each byte is copied once, into a buffer of its own
 * frame, which belongs to the receiver.
 */
export function createFrameSplitter(sizeBytes: number, onFrame: (frame: Uint8Array) => void): ChunkSink {
  let frame = new Uint8Array(sizeBytes);
  let filled = 0;
  return (chunk) => {
    let taken = 0;
    while (taken < chunk.length) {
      const part = chunk.subarray(taken, taken + sizeBytes - filled);
      frame.set(part, filled);
      taken += part.length;
      filled += part.length;
      if (filled < sizeBytes) return;
      const whole = frame;
      frame = new Uint8Array(sizeBytes);
      filled = 0;
      onFrame(whole);
    }
  };
}

/**
 * Joins what several outputs of one ffmpeg give: every output has one part for each picture, so parts with the same
 * number belong together. A part waits for its others.
 * @returns a sink for each output
 */
export function createJoiner<Part>(
  outputs: number,
  onWhole: (parts: readonly Part[]) => void,
): readonly ((part: Part) => void)[] {
  const waiting: readonly Part[][] = Array.from({ length: outputs }, () => []);
  return waiting.map((queue) => (part: Part): void => {
    queue.push(part);
    if (waiting.some(({ length }) => length === 0)) return;
    onWhole(waiting.flatMap((parts) => parts.splice(0, 1)));
  });
}

const PICTURE_MAX_BYTES = 4 * 1024 * 1024;
const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;

/**
 * Cuts a stream of JPEG pictures after each end-of-image marker. Inside the coded data of a JPEG the byte 0xff is
 * always stuffed, so the marker cannot occur there. What does not begin as a JPEG, or grows past any picture of
 * ours, is dropped.
 */
export function createJpegSplitter(onPicture: (jpeg: Uint8Array) => void): ChunkSink {
  let parts: Uint8Array[] = [];
  let sizeBytes = 0;
  let last = 0;
  const take = (part: Uint8Array): void => {
    parts.push(part);
    sizeBytes += part.length;
  };
  const release = (): void => {
    const jpeg = join(parts, sizeBytes);
    parts = [];
    sizeBytes = 0;
    if (jpeg[0] === MARKER && jpeg[1] === START_OF_IMAGE) onPicture(jpeg);
  };
  return (chunk) => {
    let begin = 0;
    for (let at = chunk.indexOf(END_OF_IMAGE); at >= 0; at = chunk.indexOf(END_OF_IMAGE, at + 1)) {
      if ((at === 0 ? last : chunk[at - 1]) !== MARKER) continue;
      take(chunk.subarray(begin, at + 1));
      begin = at + 1;
      release();
    }
    take(chunk.subarray(begin));
    last = chunk.at(-1) ?? last;
    if (sizeBytes > PICTURE_MAX_BYTES) {
      parts = [];
      sizeBytes = 0;
    }
  };
}

function join(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
