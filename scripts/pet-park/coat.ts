import type { Placement, Rgb, Texture } from './blob-painter.ts';
import { createRandom, type Random } from './random.ts';
import { createNoise, fractal, type Noise } from './value-noise.ts';

/** Which half of the universe a world belongs to: nothing drawn for one is drawn for the other. */
export type Split = 'train' | 'test';

export type Pattern = 'solid' | 'stripes' | 'patches' | 'saddle' | 'belly';

/** Fur. Cats and dogs draw from the same coats, so colour says nothing about the kind. */
export interface Coat {
  readonly base: Rgb;
  readonly second: Rgb;
  readonly pattern: Pattern;
  readonly seed: number;
}

const PATTERNS: readonly [Pattern, ...Pattern[]] = ['solid', 'stripes', 'patches', 'saddle', 'belly'];

const COLOURS: Readonly<Record<Split, readonly [Rgb, ...Rgb[]]>> = {
  train: [
    [58, 54, 56],
    [228, 222, 212],
    [204, 128, 62],
    [122, 80, 50],
    [134, 134, 140],
    [222, 192, 148],
    [160, 106, 70],
    [88, 84, 88],
  ],
  test: [
    [92, 62, 46],
    [216, 156, 96],
    [168, 168, 174],
    [70, 70, 78],
    [192, 152, 112],
    [238, 230, 216],
    [182, 112, 56],
  ],
};

function jittered(colour: Rgb, random: Random): Rgb {
  const light = random.range(-14, 14);
  const shift = (channel: number): number =>
    Math.min(245, Math.max(34, channel + light + random.range(-5, 5)));
  return [shift(colour[0]), shift(colour[1]), shift(colour[2])];
}

export function chooseCoat(random: Random, split: Split): Coat {
  return {
    base: jittered(random.pick(COLOURS[split]), random),
    second: jittered(random.pick(COLOURS[split]), random),
    pattern: random.pick(PATTERNS),
    seed: random.int(1_000_000),
  };
}

/** Share of the second colour at a point of the model, 0 to 1. */
function secondShare(pattern: Pattern, noise: Noise, x: number, y: number): number {
  const edge = (value: number, at: number): number => Math.min(1, Math.max(0, (value - at) * 12 + 0.5));
  switch (pattern) {
    case 'solid':
      return 0.25 * noise(x * 3, y * 3);
    case 'stripes':
      return 0.5 * edge(Math.sin(x * 30 + fractal(noise, x * 2.6, y * 2.6) * 12 + y * 4) * 0.5 + 0.5, 0.62);
    case 'patches':
      return edge(fractal(noise, x * 1.7, y * 1.7), 0.54);
    case 'saddle':
      return edge(y + 0.3 * noise(x * 4, y * 4) - 0.12 * x * x, 0.98);
    case 'belly':
      return edge(0.8 - y - 0.2 * noise(x * 4, y * 4) + 0.35 * Math.max(0, x - 0.8), 0.12);
  }
}

/** The fur as bytes under every pixel of a sprite; made once per animal and shared by all of its poses. */
export function coatTexture(coat: Coat, size: { width: number; height: number }, at: Placement): Texture {
  const noise = createNoise(createRandom('coat', coat.seed));
  const texture = new Uint8Array(size.width * size.height * 3);
  let i = 0;
  for (let row = 0; row < size.height; row++) {
    const y = at.top - row / at.unitPx;
    for (let column = 0; column < size.width; column++) {
      const x = at.left + column / at.unitPx;
      const share = secondShare(coat.pattern, noise, x, y);
      const fur = 0.9 + 0.2 * noise(x * 9, y * 30);
      for (let channel = 0; channel < 3; channel++) {
        const base = coat.base[channel] as number;
        texture[i++] = Math.min(255, (base + ((coat.second[channel] as number) - base) * share) * fur);
      }
    }
  }
  return texture;
}
