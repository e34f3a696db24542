import { disc, type Layer, limb, type Rgb } from './blob-painter.ts';
import type { Random } from './random.ts';

/** Clothes and skin of one passer-by. */
export interface Person {
  readonly jacket: Rgb;
  readonly trousers: Rgb;
  readonly skin: Rgb;
  readonly hair: Rgb;
  readonly girth: number;
}

/** Model space: x forwards, y upwards, feet at 0, height 1. */
export const PERSON_BOUNDS = { left: -0.34, right: 0.34, top: 1.06, bottom: -0.04 } as const;

export const PERSON_STRIDE = 0.78;

const CLOTHES: readonly [Rgb, ...Rgb[]] = [
  [176, 52, 48],
  [52, 84, 140],
  [70, 110, 84],
  [196, 168, 84],
  [90, 86, 96],
  [206, 204, 198],
  [120, 72, 112],
];
const TROUSERS: readonly [Rgb, ...Rgb[]] = [
  [52, 58, 80],
  [62, 58, 56],
  [120, 108, 90],
  [84, 92, 104],
];
const SKINS: readonly [Rgb, ...Rgb[]] = [
  [224, 182, 154],
  [190, 138, 104],
  [120, 82, 62],
];
const HAIR: readonly [Rgb, ...Rgb[]] = [
  [48, 38, 34],
  [112, 78, 50],
  [190, 160, 104],
  [140, 138, 136],
];

export function choosePerson(random: Random): Person {
  return {
    jacket: random.pick(CLOTHES),
    trousers: random.pick(TROUSERS),
    skin: random.pick(SKINS),
    hair: random.pick(HAIR),
    girth: random.range(0.9, 1.2),
  };
}

function limbs(
  person: Person,
  swing: number,
): { legs: (side: number) => Layer; arm: (side: number) => Layer } {
  const legs = (side: number): Layer => {
    const knee = 0.13 * swing * side;
    const back = Math.max(0, -swing * side);
    return {
      blobs: [
        limb([0, 0.5, 0.075 * person.girth, knee + 0.02, 0.27, 0.055]),
        limb([knee + 0.02, 0.27, 0.055, knee * 1.6 - 0.06 * back, 0.045 + 0.05 * back, 0.038]),
        limb([
          knee * 1.6 - 0.06 * back,
          0.03 + 0.05 * back,
          0.03,
          knee * 1.6 + 0.08,
          0.022 + 0.03 * back,
          0.024,
        ]),
      ],
      melt: 0.02,
      depth: 0.06,
      colour: person.trousers,
      tone: side > 0 ? 1 : 0.75,
    };
  };
  const arm = (side: number): Layer => ({
    blobs: [
      limb([0, 0.8, 0.052 * person.girth, -0.1 * swing * side, 0.64, 0.042]),
      limb([-0.1 * swing * side, 0.64, 0.042, -0.16 * swing * side + 0.05, 0.5, 0.032]),
    ],
    melt: 0.02,
    depth: 0.05,
    colour: person.jacket,
    tone: side > 0 ? 0.9 : 0.7,
  });
  return { legs, arm };
}

/** The passer-by as layers from back to front, facing right. */
export function personLayers(person: Person, stepCycle01: number): readonly Layer[] {
  const swing = Math.sin(2 * Math.PI * stepCycle01);
  const { legs, arm } = limbs(person, swing);
  const g = person.girth;
  return [
    arm(-1),
    legs(-1),
    legs(1),
    {
      blobs: [limb([0, 0.52, 0.092 * g, 0.01, 0.77, 0.098 * g])],
      melt: 0,
      depth: 0.09,
      colour: person.jacket,
      tone: 1,
    },
    {
      blobs: [limb([0.01, 0.84, 0.035, 0.02, 0.9, 0.035]), disc(0.025, 0.94, 0.062)],
      melt: 0.02,
      depth: 0.05,
      colour: person.skin,
      tone: 1,
    },
    {
      blobs: [limb([-0.005, 0.965, 0.06, 0.02, 0.985, 0.055])],
      melt: 0,
      depth: 0.05,
      colour: person.hair,
      tone: 1,
    },
    arm(1),
  ];
}
