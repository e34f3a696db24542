import type { Random } from './random.ts';

/** Smooth noise in [0, 1] over the plane; repeats every 256 units. */
export type Noise = (x: number, y: number) => number;

export function createNoise(random: Random): Noise {
  const lattice = Float32Array.from({ length: 256 * 256 }, () => random.next());
  return (x, y) => {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const sx = fx * fx * (3 - 2 * fx);
    const sy = fy * fy * (3 - 2 * fy);
    const row0 = (y0 & 255) << 8;
    const row1 = ((y0 + 1) & 255) << 8;
    const left = x0 & 255;
    const right = (x0 + 1) & 255;
    const a = lattice[row0 | left] as number;
    const b = lattice[row0 | right] as number;
    const c = lattice[row1 | left] as number;
    const d = lattice[row1 | right] as number;
    const top = a + (b - a) * sx;
    return top + (c + (d - c) * sx - top) * sy;
  };
}

/** Three octaves of `noise`, still in [0, 1]. */
export function fractal(noise: Noise, x: number, y: number): number {
  return (noise(x, y) * 4 + noise(x * 2.1 + 17, y * 2.1 + 5) * 2 + noise(x * 4.3 + 3, y * 4.3 + 41)) / 7;
}
