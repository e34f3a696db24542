import { createSprite, disc, type Layer, limb, paintLayer, type Rgb, type Sprite } from './blob-painter.ts';
import { createRandom, type Random } from './random.ts';
import type { Fence, Scenery, Tree } from './scenery.ts';
import { createNoise, fractal, type Noise } from './value-noise.ts';

interface Painter {
  readonly width: number;
  readonly height: number;
  readonly noise: Noise;
  readonly scenery: Scenery;
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

function scaled(colour: Rgb, by: number): Rgb {
  return [colour[0] * by, colour[1] * by, colour[2] * by];
}

/** Share of the path at a point of the ground, soft at its rim. */
function pathShare(painter: Painter, x: number, y: number): number {
  const { path } = painter.scenery;
  const centre =
    path.centre01 + path.slope * (x - 0.9) + path.bend * Math.sin(x * path.waves + path.half01 * 90);
  const rim = path.half01 * (0.4 + 0.9 * y) + 0.012 * (painter.noise(x * 26, y * 40) - 0.5);
  return Math.min(1, Math.max(0, (rim - Math.abs(y - centre)) * 60));
}

function groundColour(painter: Painter, x: number, y: number): Rgb {
  const { scenery, noise } = painter;
  const depth = 0.5 / (y - scenery.horizon01 + 0.1);
  const wide = (x - 0.89) * depth;
  const patch = fractal(noise, wide * 3 + 60, depth * 7);
  const blades = noise(wide * 70, depth * 150);
  const grass = scaled(mix(scenery.grass[0], scenery.grass[1], patch * 1.3 - 0.15), 0.82 + 0.36 * blades);
  const share = pathShare(painter, x, y);
  if (share === 0) return grass;
  const gravel = scaled(scenery.path.colour, 0.86 + 0.2 * noise(wide * 60, depth * 90) + 0.08 * patch);
  return mix(grass, gravel, share);
}

function farColour(painter: Painter, x: number, y: number): Rgb {
  const { scenery, noise } = painter;
  const sky = mix([202, 212, 222], [172, 190, 210], 1 - y / scenery.horizon01);
  const crown = scenery.horizon01 * (0.3 + 0.5 * fractal(noise, x * 3 + 9, 2));
  const share = Math.min(1, Math.max(0, (y - crown) * 60 + (noise(x * 60, y * 60) - 0.5) * 1.6));
  const wood = scaled([78, 98, 74], 0.72 + 0.5 * fractal(noise, x * 24, y * 24));
  return mix(sky, mix(wood, [150, 164, 168], 0.22), share);
}

const FENCE_PAINTERS: Readonly<
  Record<Fence['style'], (painter: Painter, x: number, rise: number) => Rgb | undefined>
> = {
  pickets: (painter, x, rise) => {
    const post = (x * 34) % 1;
    const isRail = (rise > 0.25 && rise < 0.36) || (rise > 0.68 && rise < 0.79);
    if (post > 0.58 && !isRail) return undefined;
    return scaled(painter.scenery.fence.colour, (isRail ? 0.8 : 1) - (post < 0.1 ? 0.2 : 0));
  },
  rails: (painter, x, rise) => {
    const isPost = (x * 4.2) % 1 < 0.07;
    const isRail = Math.abs(((rise * 3) % 1) - 0.5) < 0.16;
    if (!isPost && !isRail) return undefined;
    return scaled(painter.scenery.fence.colour, isPost ? 0.8 : 0.95);
  },
  hedge: (painter, x, rise) => {
    if (rise > 0.86 + 0.2 * painter.noise(x * 22, 3)) return undefined;
    return scaled([66, 92, 52], 0.55 + 0.7 * fractal(painter.noise, x * 50, rise * 7) + 0.12 * rise);
  },
  wall: (painter, x, rise) => {
    const course = Math.floor(rise * 6);
    const isJoint = (rise * 6) % 1 < 0.12 || (x * 18 + (course % 2) * 0.5) % 1 < 0.05;
    const brick = scaled(
      [150, 104, 84],
      0.82 + 0.3 * painter.noise(Math.floor(x * 18 + (course % 2) * 0.5) + 0.5, course),
    );
    return isJoint ? [148, 138, 128] : brick;
  },
};

function colourAt(painter: Painter, x: number, y: number): Rgb {
  const { scenery } = painter;
  const rise = (scenery.horizon01 + 0.035 - y) / scenery.fence.height01;
  const fence = rise >= 0 && rise <= 1 ? FENCE_PAINTERS[scenery.fence.style](painter, x, rise) : undefined;
  if (fence !== undefined) return fence;
  return y < scenery.horizon01 ? farColour(painter, x, y) : groundColour(painter, x, y);
}

/** Corners are darker than the middle, as with any cheap lens. */
function vignette(x: number, y: number): number {
  const dx = (x - 0.89) / 0.89;
  const dy = (y - 0.5) / 0.5;
  return 1.04 - 0.11 * (dx * dx + dy * dy);
}

interface Crown {
  readonly random: Random;
  readonly clumps: number;
  /** Middle, spread and size of the clumps, as shares of the tree's size. */
  readonly high: number;
  readonly wide: number;
  readonly clump: number;
}

/** A crown is many small clumps of leaves, the lit ones drawn last. */
function foliage(tree: Tree, crown: Crown): readonly Layer[] {
  const { random } = crown;
  return Array.from({ length: crown.clumps }, (_, i): Layer => {
    const angle = random.range(0, Math.PI * 2);
    const out = tree.size * crown.wide * Math.sqrt(random.next());
    const radius = tree.size * crown.clump * random.range(0.7, 1.3);
    const x = tree.x + Math.cos(angle) * out;
    const y = 1 - tree.ground01 + tree.size * crown.high + Math.sin(angle) * out * 0.72;
    const height01 = (Math.sin(angle) * out) / (tree.size * crown.wide);
    const tone = 0.62 + (0.34 * i) / crown.clumps + 0.26 * height01 + random.range(-0.1, 0.1);
    return {
      blobs: [disc(x, y, radius)],
      melt: 0,
      depth: radius * 0.55,
      colour: tree.leaves,
      tone,
      fray: radius * 0.5,
    };
  });
}

function treeLayers(tree: Tree): readonly Layer[] {
  const base = 1 - tree.ground01;
  const r = tree.size * 0.05;
  const trunk: Layer = {
    blobs: [limb([tree.x, base, r * 1.4, tree.x + r, base + tree.size * 0.8, r * 0.7])],
    melt: 0,
    depth: r,
    colour: [92, 76, 62],
    tone: 1,
    fray: 0.002,
  };
  const random = createRandom('tree', tree.seed);
  return [trunk, ...foliage(tree, { random, clumps: 260, high: 0.9, wide: 0.46, clump: 0.046 })];
}

function bushLayers(bush: Tree): readonly Layer[] {
  const random = createRandom('bush', bush.seed);
  return foliage(bush, { random, clumps: 110, high: 0.36, wide: 0.7, clump: 0.12 });
}

function furnitureLayers(scenery: Scenery): readonly Layer[] {
  const layers: Layer[] = [];
  const base = 1 - scenery.horizon01 - 0.07;
  const bar = (ends: readonly [number, number, number, number], r: number, colour: Rgb): void => {
    layers.push({
      blobs: [limb([ends[0], ends[1], r, ends[2], ends[3], r])],
      melt: 0,
      depth: r,
      colour,
      tone: 1,
    });
  };
  if (scenery.lamp01 !== undefined) {
    const x = scenery.lamp01;
    bar([x, base, x, base + 0.36], 0.006, [70, 74, 78]);
    bar([x, base + 0.37, x + 0.035, base + 0.375], 0.009, [210, 208, 190]);
  }
  if (scenery.bench01 !== undefined) {
    const x = scenery.bench01;
    for (const leg of [0.01, 0.15]) bar([x + leg, base - 0.012, x + leg, base + 0.04], 0.005, [60, 60, 62]);
    for (const rise of [0.042, 0.066, 0.086])
      bar([x, base + rise, x + 0.16, base + rise], 0.007, [132, 94, 62]);
  }
  return layers;
}

function composite(rgb: Uint8Array, sprite: Sprite): void {
  for (let i = 0, pixels = sprite.width * sprite.height; i < pixels; i++) {
    const alpha = (sprite.rgba[i * 4 + 3] as number) / 255;
    if (alpha === 0) continue;
    for (let channel = 0; channel < 3; channel++) {
      const below = rgb[i * 3 + channel] as number;
      rgb[i * 3 + channel] = below + ((sprite.rgba[i * 4 + channel] as number) - below) * alpha;
    }
  }
}

/** Paints the empty park once; every frame starts from this picture. */
export function paintScenery(
  scenery: Scenery,
  size: { width: number; height: number },
  seedKey: string,
): Uint8Array {
  const painter: Painter = { ...size, scenery, noise: createNoise(createRandom('ground', seedKey)) };
  const rgb = new Uint8Array(size.width * size.height * 3);
  for (let row = 0, i = 0; row < size.height; row++) {
    const y = row / size.height;
    for (let column = 0; column < size.width; column++, i += 3) {
      rgb.set(colourAt(painter, column / size.height, y), i);
    }
  }
  const props = createSprite(size.width, size.height);
  const at = { left: 0, top: 1, unitPx: size.height };
  const layers = [
    ...scenery.trees.flatMap(treeLayers),
    ...scenery.bushes.flatMap(bushLayers),
    ...furnitureLayers(scenery),
  ];
  for (const layer of layers) paintLayer(props, new Uint8Array(0), layer, at);
  composite(rgb, props);
  for (let i = 0, pixels = size.width * size.height; i < pixels; i++) {
    const light = vignette((i % size.width) / size.height, Math.floor(i / size.width) / size.height);
    for (let channel = 0; channel < 3; channel++) {
      rgb[i * 3 + channel] = Math.min(255, (rgb[i * 3 + channel] as number) * light);
    }
  }
  return rgb;
}
