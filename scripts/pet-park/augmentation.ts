import { INPUT } from './examples.ts';
import type { Random } from './random.ts';

interface Change {
  readonly isFlipped: boolean;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly gains: readonly [number, number, number];
  readonly lift: number;
  /** 0 leaves the colours, 1 leaves only grey, as cameras do at night. */
  readonly grey01: number;
  readonly noise: number;
}

function chooseChange(random: Random): Change {
  const gain = random.range(0.75, 1.28);
  const tint = (): number => gain * random.range(0.93, 1.07);
  return {
    isFlipped: random.chance(0.5),
    shiftX: random.int(17) - 8,
    shiftY: random.int(13) - 6,
    gains: [tint(), tint(), tint()],
    lift: random.range(-18, 18),
    grey01: random.chance(0.12) ? 1 : 0,
    noise: random.range(0, 10),
  };
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}

/** Writes a changed copy of one picture as floats of 0 to 255: mirrored, shifted, relit, noisy; same label. */
export function augment(picture: Uint8Array, random: Random, out: Float32Array): void {
  const change = chooseChange(random);
  const last = INPUT.width - 1;
  for (let pixel = 0, i = 0; pixel < INPUT.width * INPUT.height; pixel++) {
    const row = clamp(Math.floor(pixel / INPUT.width) + change.shiftY, INPUT.height - 1);
    const column = clamp((pixel % INPUT.width) + change.shiftX, last);
    const source = (row * INPUT.width + (change.isFlipped ? last - column : column)) * 3;
    const deviation = (random.next() + random.next() - 1) * change.noise + change.lift;
    const red = picture[source] as number;
    const green = picture[source + 1] as number;
    const blue = picture[source + 2] as number;
    const grey = 0.3 * red + 0.59 * green + 0.11 * blue;
    out[i++] = clamp((red + (grey - red) * change.grey01) * change.gains[0] + deviation, 255);
    out[i++] = clamp((green + (grey - green) * change.grey01) * change.gains[1] + deviation, 255);
    out[i++] = clamp((blue + (grey - blue) * change.grey01) * change.gains[2] + deviation, 255);
  }
}
