import type { Rgb } from './blob-painter.ts';
import type { Split } from './coat.ts';
import { createRandom, type Random } from './random.ts';

/** The park without anybody in it. Lengths are fractions of the picture height unless named otherwise. */
export interface Scenery {
  readonly horizon01: number;
  readonly grass: readonly [Rgb, Rgb];
  readonly path: PathBand;
  readonly fence: Fence;
  readonly trees: readonly Tree[];
  readonly bushes: readonly Tree[];
  readonly bench01?: number;
  readonly lamp01?: number;
}

export interface PathBand {
  readonly colour: Rgb;
  readonly centre01: number;
  readonly slope: number;
  readonly bend: number;
  readonly waves: number;
  readonly half01: number;
}

export interface Fence {
  readonly style: 'pickets' | 'rails' | 'hedge' | 'wall';
  readonly colour: Rgb;
  readonly height01: number;
}

export interface Tree {
  readonly x: number;
  readonly ground01: number;
  readonly size: number;
  readonly leaves: Rgb;
  readonly seed: number;
}

const GRASS: Readonly<Record<Split, readonly [readonly [Rgb, Rgb], ...(readonly [Rgb, Rgb])[]]>> = {
  train: [
    [
      [92, 128, 62],
      [70, 104, 50],
    ],
    [
      [122, 134, 74],
      [98, 112, 58],
    ],
    [
      [104, 120, 76],
      [78, 96, 58],
    ],
    [
      [78, 112, 66],
      [56, 90, 50],
    ],
    [
      [142, 132, 84],
      [112, 110, 66],
    ],
  ],
  test: [
    [
      [84, 122, 56],
      [64, 98, 44],
    ],
    [
      [112, 126, 66],
      [88, 104, 52],
    ],
    [
      [132, 134, 82],
      [106, 108, 64],
    ],
  ],
};
const PATHS: Readonly<Record<Split, readonly [Rgb, ...Rgb[]]>> = {
  train: [
    [176, 164, 140],
    [132, 130, 128],
    [158, 128, 104],
    [198, 190, 172],
  ],
  test: [
    [166, 150, 124],
    [148, 146, 140],
    [186, 176, 154],
  ],
};
const LEAVES: readonly [Rgb, ...Rgb[]] = [
  [64, 98, 46],
  [82, 112, 56],
  [52, 84, 52],
  [112, 118, 54],
  [150, 110, 50],
];
const FENCES: readonly [Fence['style'], ...Fence['style'][]] = ['pickets', 'rails', 'hedge', 'wall'];

function choosePath(random: Random, split: Split): PathBand {
  return {
    colour: random.pick(PATHS[split]),
    centre01: random.range(0.62, 0.86),
    slope: random.range(-0.12, 0.12),
    bend: random.range(0.01, 0.05),
    waves: split === 'train' ? random.range(1.2, 2.6) : random.range(2.8, 4),
    half01: random.range(0.05, 0.11),
  };
}

function chooseTree(random: Random, x: number, ground01: number): Tree {
  return { x, ground01, size: random.range(0.32, 0.5), leaves: random.pick(LEAVES), seed: random.int(1e6) };
}

export function chooseScenery(seed: number, split: Split): Scenery {
  const random = createRandom('scenery', split, seed);
  const horizon01 = random.range(0.24, 0.34);
  const scenery = {
    horizon01,
    grass: random.pick(GRASS[split]),
    path: choosePath(random, split),
    fence: {
      style: random.pick(FENCES),
      colour: random.pick<Rgb>([
        [150, 140, 126],
        [112, 86, 62],
        [192, 188, 180],
        [86, 96, 92],
      ]),
      height01: random.range(0.1, 0.16),
    },
    trees: Array.from({ length: 2 + random.int(3) }, (_, i) =>
      chooseTree(random, (i + random.range(0.1, 0.8)) * 0.45, horizon01 + random.range(0.03, 0.1)),
    ),
    bushes: Array.from({ length: 1 + random.int(4) }, () => ({
      ...chooseTree(random, random.range(0, 1.78), horizon01 + random.range(0.05, 0.12)),
      size: random.range(0.07, 0.14),
    })),
  };
  return {
    ...scenery,
    ...(random.chance(0.6) ? { bench01: random.range(0.2, 1.5) } : {}),
    ...(random.chance(0.6) ? { lamp01: random.range(0.1, 1.7) } : {}),
  };
}
