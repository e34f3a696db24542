import type { Split } from './coat.ts';
import { createRandom } from './random.ts';
import { ASPECT, STRETCH_SEC } from './timeline.ts';
import { createWorld, type Frame, renderFrame, truthAt } from './world.ts';

/** What the model answers, in the order of its outputs. */
export const LABELS = ['cat', 'dog', 'none'] as const;
export type Label = (typeof LABELS)[number];

/** The model's picture: the whole 16:9 frame, squashed by an area filter, which 8x8 boxes of 1280x720 are. */
export const INPUT = { width: 160, height: Math.round(160 / ASPECT), channels: 3 } as const;
export const INPUT_BYTES = INPUT.width * INPUT.height * INPUT.channels;

export interface Examples {
  readonly count: number;
  /** `count` pictures of `INPUT_BYTES` each. */
  readonly pictures: Uint8Array;
  /** Index into LABELS of each picture. */
  readonly labels: Uint8Array;
}

export interface ExamplePlan {
  readonly split: Split;
  readonly firstSeed: number;
  readonly worlds: number;
  readonly stretchesPerWorld: number;
  readonly framesPerStretch: number;
  readonly onProgress?: (worlds: number) => void;
}

/** The area filter: every output pixel is the rounded mean of its box. Frame sizes are multiples of INPUT. */
export function shrink(frame: Pick<Frame, 'rgb' | 'width' | 'height'>, out: Uint8Array): void {
  const box = frame.width / INPUT.width;
  const sums = new Uint32Array(INPUT.width * 3);
  for (let row = 0; row < INPUT.height; row++) {
    sums.fill((box * box) / 2);
    for (let y = row * box; y < (row + 1) * box; y++) addRow(frame, y, sums);
    for (let i = 0; i < sums.length; i++) out[row * sums.length + i] = (sums[i] as number) / (box * box);
  }
}

function addRow(frame: Pick<Frame, 'rgb' | 'width'>, y: number, sums: Uint32Array): void {
  const box = frame.width / INPUT.width;
  let source = y * frame.width * 3;
  for (let column = 0; column < INPUT.width * 3; column += 3) {
    for (let i = 0; i < box; i++, source += 3) {
      sums[column] = (sums[column] as number) + (frame.rgb[source] as number);
      sums[column + 1] = (sums[column + 1] as number) + (frame.rgb[source + 1] as number);
      sums[column + 2] = (sums[column + 2] as number) + (frame.rgb[source + 2] as number);
    }
  }
}

interface Shot {
  readonly sec: number;
  readonly label: number;
}

/** Moments of one stretch whose truth is decided; frames at the edge teach nothing that can be judged. */
function chooseShots(plan: ExamplePlan, seed: number, stretch: number): readonly Shot[] {
  const random = createRandom('shots', plan.split, seed, stretch);
  return Array.from({ length: plan.framesPerStretch }, () => (stretch + random.next()) * STRETCH_SEC)
    .map((sec) => ({
      sec,
      label: (LABELS as readonly string[]).indexOf(truthAt({ seed, split: plan.split }, sec).label),
    }))
    .filter((shot) => shot.label >= 0);
}

/** Draws labelled pictures of many worlds. */
export function drawExamples(plan: ExamplePlan): Examples {
  const most = plan.worlds * plan.stretchesPerWorld * plan.framesPerStretch;
  const pictures = new Uint8Array(most * INPUT_BYTES);
  const labels = new Uint8Array(most);
  let count = 0;
  for (let index = 0; index < plan.worlds; index++) {
    const seed = plan.firstSeed + index;
    const world = createWorld(seed, { split: plan.split });
    const buffer = new Uint8Array(world.background.length);
    for (let stretch = 0; stretch < plan.stretchesPerWorld; stretch++) {
      for (const shot of chooseShots(plan, seed, stretch)) {
        shrink(
          renderFrame(world, shot.sec, buffer),
          pictures.subarray(count * INPUT_BYTES, (count + 1) * INPUT_BYTES),
        );
        labels[count++] = shot.label;
      }
    }
    plan.onProgress?.(index + 1);
  }
  return { count, pictures: pictures.subarray(0, count * INPUT_BYTES), labels: labels.subarray(0, count) };
}
