import { ANIMAL_REACH, type AnimalKind, type Build, chooseBuild, STRIDE } from './animal-shape.ts';
import { type Coat, chooseCoat, type Split } from './coat.ts';
import { choosePerson, type Person } from './person-shape.ts';
import { createRandom, type Random, shuffled } from './random.ts';

/** `edge`: animals are in the picture, but less than half of each, so no label is fair. */
export type TruthLabel = AnimalKind | 'none' | 'mixed' | 'edge';

/** All lengths of a scene are fractions of the picture height, so that every resolution shows the same scene. */
interface Walker {
  /** Unique within the world. */
  readonly id: string;
  readonly enterSec: number;
  /** +1 walks to the right, -1 to the left. */
  readonly heading: 1 | -1;
  /** Height of the feet in the picture, 0 top to 1 bottom. */
  readonly ground01: number;
  /** Length of one model unit. */
  readonly unit: number;
  readonly speedPerSec: number;
}

export interface AnimalWalker extends Walker {
  readonly kind: AnimalKind;
  readonly build: Build;
  readonly coat: Coat;
  /** Standing still for a while, counted from entering. */
  readonly pauseAtSec: number;
  readonly pauseSec: number;
  readonly swaySec: number;
}

export interface PersonWalker extends Walker {
  readonly person: Person;
}

/** What happens in one stretch of time. All animals of a stretch are of one kind and gone before it ends. */
export interface Stretch {
  readonly animals: readonly AnimalWalker[];
  readonly people: readonly PersonWalker[];
}

export interface FrameTruth {
  readonly label: TruthLabel;
  /** Share of each animal that lies inside the picture, in the order of the stretch. */
  readonly visible01: readonly number[];
  readonly people: number;
}

export const STRETCH_SEC = 12;
export const ASPECT = 16 / 9;
/** Two stretches with cats, two with dogs, one empty: in every minute, in an order of its own. */
const BAG: readonly (AnimalKind | 'none')[] = ['cat', 'cat', 'dog', 'dog', 'none'];
const DECIDED_SHARE = 0.5;
const QUIET_END_SEC = 0.7;

function chooseAnimal(
  random: Random,
  kind: AnimalKind,
  context: { id: string; split: Split; crowd: number; place: number },
): AnimalWalker {
  // Each member of a group has a depth of its own, so that they rarely hide one another.
  const near = (context.place + random.range(0.15, 0.85)) / context.crowd;
  const height01 = (context.crowd > 1 ? 0.25 + 0.2 * near : 0.27 + 0.3 * near) * random.range(0.95, 1.05);
  const unit = height01 / ANIMAL_REACH[kind].top;
  const enterSec = 0.2 + context.place + random.range(0, 0.6);
  const pauseSec = context.crowd === 1 && random.chance(0.5) ? random.range(1, 2.4) : 0;
  const wayPerUnit = (ASPECT + unit * (ANIMAL_REACH[kind].right - ANIMAL_REACH[kind].left)) / unit;
  const slowest = wayPerUnit / (STRETCH_SEC - QUIET_END_SEC - enterSec - pauseSec);
  const unitsPerSec = Math.max(random.range(1.05, 1.7), slowest);
  return {
    id: context.id,
    kind,
    enterSec,
    heading: random.chance(0.5) ? 1 : -1,
    ground01: 0.64 + 0.32 * near,
    unit,
    speedPerSec: unitsPerSec * unit,
    build: chooseBuild(kind, random),
    coat: chooseCoat(random, context.split),
    pauseAtSec: (random.range(0.35, 0.65) * wayPerUnit) / unitsPerSec,
    pauseSec,
    swaySec: kind === 'dog' ? random.range(0.4, 0.8) : random.range(1.6, 2.6),
  };
}

function choosePersonWalker(random: Random, id: string): PersonWalker {
  const unit = random.range(0.34, 0.62);
  return {
    id,
    person: choosePerson(random),
    enterSec: random.range(0.5, 3),
    heading: random.chance(0.5) ? 1 : -1,
    ground01: 0.5 + 0.5 * (unit - 0.34),
    unit,
    speedPerSec: unit * random.range(0.62, 0.9),
  };
}

function kindOfStretch(seed: number, split: Split, index: number): AnimalKind | 'none' {
  const bag = shuffled(BAG, createRandom('bag', split, seed, Math.floor(index / BAG.length)));
  return bag[index % BAG.length] ?? 'none';
}

/** The stretch with this index; any stretch can be asked for, in any order. */
export function stretchAt(seed: number, split: Split, index: number): Stretch {
  const random = createRandom('stretch', split, seed, index);
  const kind = kindOfStretch(seed, split, index);
  const crowd = kind === 'none' ? 0 : random.pick([1, 1, 1, 2, 2, 3]);
  const strangers = kind === 'none' ? random.pick([0, 1, 2]) : random.pick([0, 0, 0, 1]);
  const animals = Array.from({ length: crowd }, (_, i) =>
    chooseAnimal(random, kind === 'none' ? 'cat' : kind, { id: `${index}a${i}`, split, crowd, place: i }),
  );
  const people = Array.from({ length: strangers }, (_, i) => choosePersonWalker(random, `${index}p${i}`));
  return {
    animals: animals.toSorted((a, b) => a.ground01 - b.ground01),
    people: people.toSorted((a, b) => a.ground01 - b.ground01),
  };
}

/** How far a walker has come since it entered, without its pause. */
export function walkedSec(animal: AnimalWalker, sec: number): number {
  const since = sec - animal.enterSec;
  if (since <= animal.pauseAtSec) return since;
  return Math.max(animal.pauseAtSec, since - animal.pauseSec);
}

/** Whether the animal stands still at this moment of its stretch. */
export function isPausing(animal: AnimalWalker, sec: number): boolean {
  const since = sec - animal.enterSec;
  return since > animal.pauseAtSec && since < animal.pauseAtSec + animal.pauseSec;
}

/** Position of the model's origin from the left edge, in picture heights. */
export function originOf(walker: Walker, reach: { left: number; right: number }, walked: number): number {
  const startBehind = -reach.right * walker.unit;
  const forwards = startBehind + walked * walker.speedPerSec;
  return walker.heading === 1 ? forwards : ASPECT - forwards;
}

/** Position in the step cycle: the feet cover exactly the ground that the body does. */
export function stepCycleOf(walker: Walker, stride: number, walked: number): number {
  const cycle = (walked * walker.speedPerSec) / (walker.unit * stride);
  return cycle - Math.floor(cycle);
}

export function strideOf(animal: AnimalWalker): number {
  return STRIDE[animal.kind];
}

function visibleShare(animal: AnimalWalker, sec: number): number {
  const walked = walkedSec(animal, sec);
  if (walked < 0) return 0;
  const reach = ANIMAL_REACH[animal.kind];
  const origin = originOf(animal, reach, walked);
  const ends = [
    origin + animal.heading * reach.left * animal.unit,
    origin + animal.heading * reach.right * animal.unit,
  ];
  const inside = Math.min(ASPECT, Math.max(...ends)) - Math.max(0, Math.min(...ends));
  return Math.max(0, inside) / ((reach.right - reach.left) * animal.unit);
}

function labelOf(stretch: Stretch, visible01: readonly number[]): TruthLabel {
  const kinds = new Set(
    stretch.animals.filter((_, i) => (visible01[i] ?? 0) >= DECIDED_SHARE).map((a) => a.kind),
  );
  if (kinds.size > 1) return 'mixed';
  const [kind] = kinds;
  return kind ?? (visible01.some((share) => share > 0) ? 'edge' : 'none');
}

/** The truth of a moment, `sec` counted from the start of the stretch. */
export function truthOf(stretch: Stretch, sec: number): FrameTruth {
  const visible01 = stretch.animals.map((animal) => visibleShare(animal, sec));
  return { label: labelOf(stretch, visible01), visible01, people: stretch.people.length };
}
