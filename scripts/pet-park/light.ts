import type { Split } from './coat.ts';
import { createRandom } from './random.ts';
import { createNoise, type Noise } from './value-noise.ts';

/** Light and camera of one world: what happens to the scene's colours on the way into the picture. */
export interface Light {
  /** Brightness of a point at a moment: drifting clouds and the swaying shade of a tree. */
  gainAt(x: number, y: number, sec: number): number;
  /** Colour curve of each channel. */
  readonly curves: readonly [Uint8Array, Uint8Array, Uint8Array];
  /** Sensor noise, a table of deviations to be read from any start. */
  readonly grain: Int8Array;
  /** Slant of shadows on the ground, and how dark they are. */
  readonly shadowLean: number;
  readonly shadowDepth01: number;
}

export const GRAIN_LENGTH = 1 << 16;

interface Mood {
  readonly tint: readonly [number, number, number];
  readonly contrast: number;
  readonly shade: number;
  readonly clouds: number;
}

const MOODS: readonly [Mood, ...Mood[]] = [
  { tint: [1.04, 1, 0.92], contrast: 1.08, shade: 0.42, clouds: 0.2 },
  { tint: [0.97, 1, 1.03], contrast: 0.94, shade: 0.2, clouds: 0.12 },
  { tint: [1.1, 0.97, 0.84], contrast: 1, shade: 0.34, clouds: 0.16 },
  { tint: [0.92, 0.97, 1.06], contrast: 0.9, shade: 0.16, clouds: 0.1 },
];

function curveOf(tint: number, contrast: number, lift: number): Uint8Array {
  const level = (value: number): number => (value * tint - 118) * contrast + 118 + lift;
  return Uint8Array.from({ length: 256 }, (_, value) => Math.min(255, Math.max(4, level(value))));
}

function shadeGain(noise: Noise, depth: number): Light['gainAt'] {
  return (x, y, sec) => {
    const sway = 0.05 * Math.sin(sec * 1.3) + 0.03 * Math.sin(sec * 2.9 + 1);
    const leaves = noise(x * 7 + sway * 6, y * 9 + sway * 3) * noise(x * 2.4 + 31, y * 3.2);
    const ground = Math.min(1, Math.max(0, (y - 0.3) * 8));
    return 1 - ground * depth * Math.min(1, Math.max(0, (leaves - 0.3) * 4));
  };
}

export function createLight(seed: number, split: Split): Light {
  const random = createRandom('light', split, seed);
  const mood = random.pick(MOODS);
  const lift = random.range(-10, 10);
  const noise = createNoise(random);
  const wind = random.range(0.05, 0.12) * (random.chance(0.5) ? 1 : -1);
  const shade = shadeGain(noise, mood.shade);
  const exposureSec = random.range(17, 31);
  const noiseLevel = random.range(2, 4);
  return {
    gainAt: (x, y, sec) => {
      const cloud = noise(x * 1.1 + sec * wind + 90, y * 1.5 + sec * wind * 0.3);
      const drift = 0.05 * Math.sin((2 * Math.PI * sec) / exposureSec);
      return (1.06 + drift - mood.clouds * 1.6 * Math.max(0, cloud - 0.35)) * shade(x, y, sec);
    },
    curves: [
      curveOf(mood.tint[0], mood.contrast, lift),
      curveOf(mood.tint[1], mood.contrast, lift),
      curveOf(mood.tint[2], mood.contrast, lift),
    ],
    grain: Int8Array.from({ length: GRAIN_LENGTH }, () => Math.round(random.normal() * noiseLevel)),
    shadowLean: random.range(-0.7, 0.7),
    shadowDepth01: mood.shade + 0.12,
  };
}
