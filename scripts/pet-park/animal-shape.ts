import { type Blob, disc, type Layer, limb, type Rgb } from './blob-painter.ts';
import type { Random } from './random.ts';

export type AnimalKind = 'cat' | 'dog';

/** Proportions of one animal; 1 is the plain form of its kind. */
export interface Build {
  readonly kind: AnimalKind;
  readonly bulk: number;
  readonly length: number;
  readonly leg: number;
  readonly head: number;
  readonly muzzle: number;
  /** Cats: lean of the tail backwards. Dogs: lift of the tail. Both 0 to 1. */
  readonly tail: number;
  readonly collar?: Rgb;
}

/** A moment of the walk. */
export interface Pose {
  /** Position in the step cycle, 0 to 1; absent while standing. */
  readonly stepCycle01?: number;
  /** Position in the slow cycle of tail and head, 0 to 1. */
  readonly swayCycle01: number;
}

/** Model space of both kinds: x forwards, y upwards, feet at 0, withers near 1. */
export const ANIMAL_BOUNDS = { left: -1.72, right: 1.86, top: 2.24, bottom: -0.1 } as const;

/** What an animal covers when it stands: used for the truth and for the size in the picture. */
export const ANIMAL_REACH: Readonly<Record<AnimalKind, { left: number; right: number; top: number }>> = {
  cat: { left: -1.3, right: 1.3, top: 2.05 },
  dog: { left: -1.35, right: 1.62, top: 1.9 },
};

/** Ground covered by one step cycle, in model units. */
export const STRIDE: Readonly<Record<AnimalKind, number>> = { cat: 1.15, dog: 1.5 };

const COLLARS: readonly [Rgb, ...Rgb[]] = [
  [190, 40, 44],
  [40, 84, 180],
  [230, 190, 50],
  [30, 30, 34],
];

export function chooseBuild(kind: AnimalKind, random: Random): Build {
  const build = {
    kind,
    bulk: random.range(0.9, 1.14),
    length: random.range(0.93, 1.08),
    leg: random.range(0.88, 1.1),
    head: random.range(0.92, 1.1),
    muzzle: random.range(0.88, 1.15),
    tail: random.next(),
  };
  return random.chance(0.45) ? { ...build, collar: random.pick(COLLARS) } : build;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** On the ground for the first part of the cycle, moving backwards with it; then swung forwards. */
function footAt(cycle01: number, stride: number, lift: number): Point {
  const stance = 0.6;
  const p = cycle01 - Math.floor(cycle01);
  if (p < stance) return { x: stride * (0.5 - p / stance) * stance, y: 0 };
  const q = (p - stance) / (1 - stance);
  return { x: stride * stance * (q * q * (3 - 2 * q) - 0.5), y: lift * Math.sin(Math.PI * q) };
}

interface Leg {
  readonly hip: Point;
  readonly foot: Point;
  readonly length: number;
  readonly radius: number;
  /** +1 where the joint points forwards (hind knee), -1 backwards (elbow). */
  readonly bend: number;
}

function legBlobs(leg: Leg): readonly Blob[] {
  const { hip, foot, radius } = leg;
  const ankle = { x: foot.x - radius * 0.2, y: foot.y + radius * 0.75 };
  const dx = ankle.x - hip.x;
  const dy = ankle.y - hip.y;
  const span = Math.hypot(dx, dy);
  const half = leg.length / 2;
  const out = Math.sqrt(Math.max(0.0004, half * half - (span * span) / 4)) * leg.bend;
  const knee = { x: (hip.x + ankle.x) / 2 - (dy / span) * out, y: (hip.y + ankle.y) / 2 + (dx / span) * out };
  return [
    limb([hip.x, hip.y, radius * 1.7, knee.x, knee.y, radius * 1.02]),
    limb([knee.x, knee.y, radius * 1.02, ankle.x, ankle.y, radius * 0.72]),
    limb([
      ankle.x,
      foot.y + radius * 0.62,
      radius * 0.62,
      foot.x + radius * 0.8,
      foot.y + radius * 0.55,
      radius * 0.55,
    ]),
  ];
}

interface Gait {
  readonly stride: number;
  readonly lift: number;
  /** Start of each foot in the cycle: near hind, near fore, far hind, far fore. */
  readonly offsets: readonly [number, number, number, number];
}

/** Cats walk in four beats; dogs trot on diagonal pairs. */
const GAITS: Readonly<Record<AnimalKind, Gait>> = {
  cat: { stride: STRIDE.cat, lift: 0.14, offsets: [0, 0.25, 0.5, 0.75] },
  dog: { stride: STRIDE.dog, lift: 0.24, offsets: [0, 0.5, 0.52, 0.02] },
};

interface Stance {
  readonly hind: Point;
  readonly fore: Point;
  readonly radius: number;
}

interface LegSet {
  readonly near: readonly Blob[];
  readonly far: readonly Blob[];
}

function legsOf(kind: AnimalKind, pose: Pose, stance: Stance): LegSet {
  const gait = GAITS[kind];
  const [nearHind, nearFore, farHind, farFore] = gait.offsets;
  const leg = (hip: Point, offset: number, bend: number): readonly Blob[] => {
    const step = pose.stepCycle01;
    const rest = { x: (offset > 0.3 ? 0.07 : -0.05) * (offset === farFore ? -1 : 1), y: 0 };
    const foot = step === undefined ? rest : footAt(step + offset, gait.stride, gait.lift);
    return legBlobs({
      hip,
      foot: { x: hip.x + foot.x, y: foot.y },
      length: hip.y * 1.06,
      radius: stance.radius,
      bend,
    });
  };
  const shift = 0.07;
  return {
    near: [...leg(stance.hind, nearHind, 1), ...leg(stance.fore, nearFore, -1)],
    far: [
      ...leg({ x: stance.hind.x + shift, y: stance.hind.y }, farHind, 1),
      ...leg({ x: stance.fore.x + shift, y: stance.fore.y }, farFore, -1),
    ],
  };
}

function collarLayer(colour: Rgb | undefined, from: Point, to: Point): readonly Layer[] {
  if (colour === undefined) return [];
  return [
    { blobs: [limb([from.x, from.y, 0.045, to.x, to.y, 0.045])], melt: 0, depth: 0.04, colour, tone: 1 },
  ];
}

const DARK: Rgb = [26, 22, 24];

function chain(points: readonly (readonly [number, number])[], from: number, to: number): readonly Blob[] {
  const count = points.length - 1;
  return points.slice(1).map((point, i) => {
    const start = points[i] ?? point;
    const radius = (k: number): number => from + ((to - from) * k) / count;
    return limb([start[0], start[1], radius(i), point[0], point[1], radius(i + 1)]);
  });
}

interface CatHead extends Point {
  readonly r: number;
}

function catEar(head: CatHead, x: number): Blob {
  const { r } = head;
  return limb([head.x + x, head.y + r * 0.7, r * 0.44, head.x + x * 1.25 - 0.02, head.y + r * 1.8, 0.012]);
}

function catFace(head: CatHead): readonly Layer[] {
  const { x, y, r } = head;
  const inner = limb([x - 0.115, y + r * 0.98, 0.048, x - 0.148, y + r * 1.5, 0.008]);
  return [
    { blobs: [inner], melt: 0, depth: 0.02, colour: [164, 116, 108], tone: 0.9 },
    {
      blobs: [disc(x + r * 0.5, y + r * 0.16, 0.046)],
      melt: 0,
      depth: 0.03,
      colour: [186, 196, 92],
      tone: 1,
    },
    { blobs: [disc(x + r * 0.53, y + r * 0.16, 0.024)], melt: 0, depth: 0.02, colour: DARK, tone: 1 },
    {
      blobs: [disc(x + r * 1.08, y - r * 0.24, 0.032)],
      melt: 0,
      depth: 0.03,
      colour: [150, 84, 84],
      tone: 1,
    },
  ];
}

function catTail(rump: Point, lean: number, sway: number): readonly (readonly [number, number])[] {
  return [
    [rump.x - 0.14, rump.y + 0.1],
    [rump.x - 0.34 + lean * 0.3, rump.y + 0.3],
    [rump.x - 0.4 + lean * 0.6, rump.y + 0.6],
    [rump.x - 0.36 + lean * 0.9 + 0.03 * sway, rump.y + 0.88],
    [rump.x - 0.24 + lean + 0.09 * sway, rump.y + 1.1],
  ];
}

/** Pointed ears, round face, slender body low on its legs, long thin tail carried upright. */
function catLayers(build: Build, pose: Pose): readonly Layer[] {
  const sway = Math.sin(2 * Math.PI * pose.swayCycle01);
  const bob = pose.stepCycle01 === undefined ? 0 : 0.02 * Math.sin(4 * Math.PI * pose.stepCycle01);
  const { bulk, length } = build;
  const back = 0.8 * build.leg + bob;
  const rump = { x: -0.72 * length, y: back };
  const chest = { x: 0.52 * length, y: back + 0.02 };
  const head = { x: chest.x + 0.44, y: back + 0.4 + 0.02 * sway, r: 0.255 * build.head };
  const legs = legsOf('cat', pose, {
    hind: { x: rump.x + 0.06, y: back - 0.04 },
    fore: { x: chest.x + 0.02, y: back - 0.06 },
    radius: 0.105 * bulk,
  });
  const body = [
    limb([rump.x, rump.y, 0.265 * bulk, 0, back - 0.02, 0.225 * bulk]),
    limb([0, back - 0.02, 0.225 * bulk, chest.x, chest.y, 0.25 * bulk]),
    limb([chest.x + 0.06, chest.y + 0.05, 0.2 * bulk, head.x - 0.06, head.y - 0.06, 0.17]),
    disc(head.x, head.y, head.r),
    disc(head.x + head.r * 0.62, head.y - head.r * 0.36, head.r * 0.5),
    catEar(head, -0.11),
  ];
  const tail = chain(catTail(rump, -0.05 - 0.34 * build.tail, sway), 0.085 * bulk, 0.055);
  const collar = [
    { x: head.x - 0.24, y: head.y - 0.04 },
    { x: head.x + 0.06, y: head.y - 0.27 },
  ] as const;
  return [
    { blobs: legs.far, melt: 0.05, depth: 0.1, tone: 0.66, fray: 0.008 },
    { blobs: [catEar(head, 0.12)], melt: 0, depth: 0.09, tone: 0.72 },
    { blobs: tail, melt: 0.03, depth: 0.07, tone: 0.94, fray: 0.014 },
    { blobs: [...body, ...legs.near], melt: 0.1, depth: 0.2, tone: 1, fray: 0.01 },
    ...collarLayer(build.collar, ...collar),
    ...catFace(head),
  ];
}

/** Hanging ears, long muzzle, deep chest on sturdy legs, shorter thick tail that wags. */
function dogLayers(build: Build, pose: Pose): readonly Layer[] {
  const sway = Math.sin(2 * Math.PI * pose.swayCycle01);
  const bob = pose.stepCycle01 === undefined ? 0 : 0.04 * Math.sin(4 * Math.PI * pose.stepCycle01);
  const { bulk, length } = build;
  const back = 0.96 * build.leg + bob;
  const rump = { x: -0.66 * length, y: back };
  const chest = { x: 0.46 * length, y: back - 0.03 };
  const legs = legsOf('dog', pose, {
    hind: { x: rump.x + 0.02, y: back - 0.06 },
    fore: { x: chest.x + 0.06, y: back - 0.12 },
    radius: 0.14 * bulk,
  });
  const head = { x: chest.x + 0.5, y: back + 0.5 + 0.03 * sway };
  const r = 0.26 * build.head;
  const nose = { x: head.x + 0.2 + 0.3 * build.muzzle, y: head.y - 0.16 };
  const lift = 0.12 + 0.34 * build.tail;
  const tail: readonly (readonly [number, number])[] = [
    [rump.x - 0.2, back + 0.1],
    [rump.x - 0.4, back + 0.1 + lift * 0.5],
    [rump.x - 0.58 + 0.06 * sway, back + 0.1 + lift * 1.1 + 0.05 * sway],
  ];
  return [
    { blobs: legs.far, melt: 0.06, depth: 0.12, tone: 0.64, fray: 0.008 },
    { blobs: chain(tail, 0.115 * bulk, 0.06), melt: 0.03, depth: 0.09, tone: 0.92, fray: 0.018 },
    {
      blobs: [
        limb([rump.x, rump.y, 0.31 * bulk, 0, back - 0.02, 0.31 * bulk]),
        limb([0, back - 0.02, 0.31 * bulk, chest.x, chest.y, 0.39 * bulk]),
        limb([chest.x + 0.1, chest.y + 0.14, 0.27 * bulk, head.x - 0.06, head.y - 0.04, 0.2]),
        disc(head.x, head.y, r),
        limb([head.x + 0.12, head.y - 0.1, 0.165, nose.x, nose.y, 0.115]),
        ...legs.near,
      ],
      melt: 0.1,
      depth: 0.26,
      tone: 1,
      fray: 0.012,
    },
    ...collarLayer(
      build.collar,
      { x: head.x - 0.34, y: head.y - 0.1 },
      { x: head.x + 0.04, y: head.y - 0.34 },
    ),
    {
      blobs: [
        limb([head.x - 0.08, head.y + 0.14, 0.1, head.x - 0.17 - 0.03 * sway, head.y - 0.2, 0.135]),
        disc(head.x - 0.18 - 0.04 * sway, head.y - 0.27, 0.11),
      ],
      melt: 0.05,
      depth: 0.12,
      tone: 0.74,
      fray: 0.012,
    },
    { blobs: [disc(nose.x + 0.09, nose.y + 0.04, 0.062)], melt: 0, depth: 0.05, colour: DARK, tone: 1.3 },
    { blobs: [disc(head.x + 0.12, head.y + 0.07, 0.04)], melt: 0, depth: 0.03, colour: DARK, tone: 1.2 },
    {
      blobs: [limb([head.x + 0.18, head.y - 0.235, 0.012, nose.x + 0.05, nose.y - 0.06, 0.014])],
      melt: 0,
      depth: 0.02,
      colour: DARK,
      tone: 1,
    },
  ];
}

/** The animal as layers from back to front, facing right. */
export function animalLayers(build: Build, pose: Pose): readonly Layer[] {
  return build.kind === 'cat' ? catLayers(build, pose) : dogLayers(build, pose);
}
