/**
 * Preprocessing written from its definitions, slow and plain, to hold the product against: nothing of it is imported.
 * A picture is resampled along each axis by convolution with the filter, stretched by the ratio where it shrinks.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** rgb, row by row; levels from 0 to 255, not rounded. */
  readonly levels: Float64Array;
}

export type Filter = 'bilinear' | 'bicubic' | 'area' | 'lanczos';

interface Sides {
  readonly width: number;
  readonly height: number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

interface Kernel {
  readonly reach: number;
  at(x: number): number;
}

/** Triangle; Keys with a = -0.5; sinc windowed by a sinc of three lobes. */
const KERNELS: Readonly<Record<Exclude<Filter, 'area'>, Kernel>> = {
  bilinear: { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, at: (x) => keys(Math.abs(x), -0.5) },
  lanczos: { reach: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function keys(x: number, a: number): number {
  if (x < 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

/** Weight of each source pixel in target pixel `to`; centres of pixels lie at halves. */
function weightsOf(to: number, from: number, target: number, filter: Filter): readonly number[] {
  const ratio = from / target;
  const stretch = Math.max(1, ratio);
  const centre = (to + 0.5) * ratio;
  const weights = Array.from({ length: from }, (_, at) => {
    // The share of the source pixel that the target pixel covers.
    if (filter === 'area')
      return Math.max(0, Math.min(at + 1, centre + stretch / 2) - Math.max(at, centre - stretch / 2));
    const x = (at + 0.5 - centre) / stretch;
    return Math.abs(x) < KERNELS[filter].reach ? KERNELS[filter].at(x) : 0;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

export function resample(picture: Picture, { width, height }: Sides, filter: Filter): Picture {
  const across = Array.from({ length: width }, (_, to) => weightsOf(to, picture.width, width, filter));
  const down = Array.from({ length: height }, (_, to) => weightsOf(to, picture.height, height, filter));
  const rows = drawPicture({ width, height: picture.height }, (x, y, channel) =>
    weigh(across[x] ?? [], (at) => levelAt(picture, at, y, channel)),
  );
  return drawPicture({ width, height }, (x, y, channel) =>
    weigh(down[y] ?? [], (at) => levelAt(rows, x, at, channel)),
  );
}

const weigh = (weights: readonly number[], level: (at: number) => number): number =>
  weights.reduce((sum, weight, at) => (weight === 0 ? sum : sum + weight * level(at)), 0);

const levelAt = ({ width, levels }: Picture, x: number, y: number, channel: number): number =>
  levels[(y * width + x) * 3 + channel] ?? 0;

export function drawPicture(
  { width, height }: Sides,
  level: (x: number, y: number, channel: number) => number,
): Picture {
  const levels = Float64Array.from({ length: width * height * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    return level(pixel % width, Math.floor(pixel / width), index % 3);
  });
  return { width, height, levels };
}

/** Both sides, whatever the shape. */
export const squash = resample;

/** Scaled until `box` is covered, then the middle of it; between two pixels, the right or lower one. */
export function cover(picture: Picture, sides: Sides, box: Sides, filter: Filter): Picture {
  const ratio = Math.max(box.width / picture.width, box.height / picture.height);
  const scaled = resample(picture, scale(picture, ratio), filter);
  const left = Math.ceil((scaled.width - sides.width) / 2);
  const top = Math.ceil((scaled.height - sides.height) / 2);
  return drawPicture(sides, (x, y, channel) => levelAt(scaled, left + x, top + y, channel));
}

/** Scaled until it fits, in the middle of a plain ground; between two pixels, the left or upper one. */
export function letterbox(picture: Picture, sides: Sides, ground: number, filter: Filter): Picture {
  const ratio = Math.min(sides.width / picture.width, sides.height / picture.height);
  const scaled = resample(picture, scale(picture, ratio), filter);
  const left = Math.floor((sides.width - scaled.width) / 2);
  const top = Math.floor((sides.height - scaled.height) / 2);
  const isInside = (x: number, y: number): boolean =>
    x >= left && y >= top && x < left + scaled.width && y < top + scaled.height;
  return drawPicture(sides, (x, y, channel) =>
    isInside(x, y) ? levelAt(scaled, x - left, y - top, channel) : ground,
  );
}

const scale = ({ width, height }: Sides, ratio: number): Sides => ({
  width: Math.round(width * ratio),
  height: Math.round(height * ratio),
});

export const toBytes = ({ levels }: Picture): Uint8Array =>
  Uint8Array.from(levels, (level) => Math.min(255, Math.max(0, Math.round(level))));

export interface Difference {
  /** Levels of 255. */
  readonly mean: number;
  readonly max: number;
}

export function compare(one: ArrayLike<number>, other: ArrayLike<number>): Difference {
  let [sum, max] = [0, 0];
  for (let at = 0; at < one.length; at += 1) {
    const difference = Math.abs((one[at] ?? 0) - (other[at] ?? 0));
    sum += difference;
    max = Math.max(max, difference);
  }
  return { mean: sum / one.length, max };
}
