import { type Actor, type Bounds, drawActor, drawShadow } from './actor.ts';
import { ANIMAL_BOUNDS, ANIMAL_REACH, animalLayers } from './animal-shape.ts';
import { paintScenery } from './background.ts';
import { createSprite, type Layer, paintLayer, type Sprite, type Texture } from './blob-painter.ts';
import { coatTexture, type Split } from './coat.ts';
import { expose } from './exposure.ts';
import { createLight, type Light } from './light.ts';
import { type Canvas, drawText, textWidth } from './overlay.ts';
import { PERSON_BOUNDS, PERSON_STRIDE, personLayers } from './person-shape.ts';
import { createRandom, hashKeys } from './random.ts';
import { chooseScenery } from './scenery.ts';
import {
  type AnimalWalker,
  type FrameTruth,
  isPausing,
  originOf,
  type PersonWalker,
  STRETCH_SEC,
  type Stretch,
  stepCycleOf,
  stretchAt,
  strideOf,
  truthOf,
  walkedSec,
} from './timeline.ts';

export interface WorldOptions {
  /** Default `test`: the worlds that the committed model has never seen. */
  readonly split?: Split;
  /** Picture width in pixels, 16:9; the scene is the same at every size. Default 1280. */
  readonly width?: number;
}

/** One park with its whole future; a value of `seed`, `split` and `width` alone. */
export interface ParkWorld {
  readonly seed: number;
  readonly split: Split;
  readonly width: number;
  readonly height: number;
  readonly light: Light;
  readonly background: Uint8Array;
  /** Drawn poses of the walkers of one stretch; only saves work, never changes a picture. */
  readonly poses: PoseMemory;
  readonly startMs: number;
}

export interface Frame {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly truth: FrameTruth;
}

interface PoseMemory {
  stretchIndex: number;
  stretch: Stretch;
  readonly sprites: Map<string, Sprite>;
  readonly textures: Map<string, Texture>;
}

export const PARK_FPS = 25;
const STEP_POSES = 20;
const SWAY_POSES = 12;

export function createWorld(seed: number, options: WorldOptions = {}): ParkWorld {
  const split = options.split ?? 'test';
  const width = options.width ?? 1280;
  const height = Math.round((width * 9) / 16);
  const day = createRandom('day', split, seed).int(300);
  return {
    seed,
    split,
    width,
    height,
    light: createLight(seed, split),
    background: paintScenery(chooseScenery(seed, split), { width, height }, `${split}${seed}`),
    poses: {
      stretchIndex: -1,
      stretch: { animals: [], people: [] },
      sprites: new Map(),
      textures: new Map(),
    },
    startMs: Date.UTC(2026, 2, 1 + day, 8 + (day % 9), day % 60, (day * 7) % 60),
  };
}

interface Moment {
  readonly stretch: Stretch;
  readonly sec: number;
}

function momentAt(world: ParkWorld, timeSec: number): Moment {
  const index = Math.floor(timeSec / STRETCH_SEC);
  const memory = world.poses;
  if (memory.stretchIndex !== index) {
    memory.stretchIndex = index;
    memory.stretch = stretchAt(world.seed, world.split, index);
    memory.sprites.clear();
    memory.textures.clear();
  }
  return { stretch: memory.stretch, sec: timeSec - index * STRETCH_SEC };
}

/** The truth of a moment without drawing it. */
export function truthAt(world: Pick<ParkWorld, 'seed' | 'split'>, timeSec: number): FrameTruth {
  const index = Math.floor(timeSec / STRETCH_SEC);
  return truthOf(stretchAt(world.seed, world.split, index), timeSec - index * STRETCH_SEC);
}

function remember<T>(memory: Map<string, T>, key: string, make: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  memory.set(key, made);
  return made;
}

interface Drawing {
  readonly bounds: Bounds;
  readonly unitPx: number;
  readonly texture: Texture;
  readonly layers: readonly Layer[];
}

function spriteSize(bounds: Bounds, unitPx: number): { width: number; height: number } {
  return {
    width: Math.ceil((bounds.right - bounds.left) * unitPx),
    height: Math.ceil((bounds.top - bounds.bottom) * unitPx),
  };
}

function drawSprite(drawing: Drawing): Sprite {
  const { bounds, unitPx } = drawing;
  const size = spriteSize(bounds, unitPx);
  const sprite = createSprite(size.width, size.height);
  const at = { left: bounds.left, top: bounds.top, unitPx };
  for (const layer of drawing.layers) paintLayer(sprite, drawing.texture, layer, at);
  return sprite;
}

function animalActor(world: ParkWorld, animal: AnimalWalker, sec: number): Actor {
  const walked = walkedSec(animal, sec);
  const unitPx = animal.unit * world.height;
  const isStanding = isPausing(animal, sec);
  const step = Math.floor(stepCycleOf(animal, strideOf(animal), walked) * STEP_POSES);
  const sway = Math.floor(((sec / animal.swaySec) % 1) * SWAY_POSES);
  const texture = remember(world.poses.textures, animal.id, () =>
    coatTexture(animal.coat, spriteSize(ANIMAL_BOUNDS, unitPx), {
      left: ANIMAL_BOUNDS.left,
      top: ANIMAL_BOUNDS.top,
      unitPx,
    }),
  );
  const pose = isStanding
    ? { swayCycle01: sway / SWAY_POSES }
    : { stepCycle01: step / STEP_POSES, swayCycle01: step / STEP_POSES };
  const sprite = remember(world.poses.sprites, `${animal.id}/${isStanding ? `s${sway}` : step}`, () =>
    drawSprite({ bounds: ANIMAL_BOUNDS, unitPx, texture, layers: animalLayers(animal.build, pose) }),
  );
  return {
    sprite,
    originPx: originOf(animal, ANIMAL_REACH[animal.kind], walked) * world.height,
    groundPx: animal.ground01 * world.height,
    unitPx,
    heading: animal.heading,
    bounds: ANIMAL_BOUNDS,
  };
}

function personActor(world: ParkWorld, walker: PersonWalker, sec: number): Actor {
  const walked = sec - walker.enterSec;
  const unitPx = walker.unit * world.height;
  const step = Math.floor(stepCycleOf(walker, PERSON_STRIDE, walked) * STEP_POSES);
  const sprite = remember(world.poses.sprites, `${walker.id}/${step}`, () =>
    drawSprite({
      bounds: PERSON_BOUNDS,
      unitPx,
      texture: new Uint8Array(0),
      layers: personLayers(walker.person, step / STEP_POSES),
    }),
  );
  return {
    sprite,
    originPx: originOf(walker, PERSON_BOUNDS, walked) * world.height,
    groundPx: walker.ground01 * world.height,
    unitPx,
    heading: walker.heading,
    bounds: PERSON_BOUNDS,
  };
}

function drawOverlay(world: ParkWorld, canvas: Canvas, timeSec: number): void {
  const scale = Math.max(1, Math.round(world.width / 427));
  const margin = scale * 6;
  const stamp = new Date(world.startMs + timeSec * 1000).toISOString().slice(0, 19).replace('T', ' ');
  drawText(canvas, stamp, { x: margin, y: margin, scale });
  const name = 'PET PARK CAM 1';
  const x = canvas.width - margin - textWidth(name, scale);
  drawText(canvas, name, { x, y: canvas.height - margin - scale * 7, scale });
}

/** Draws the park at a moment. The same world and moment always give the same bytes. `into` saves an allocation. */
export function renderFrame(world: ParkWorld, timeSec: number, into?: Uint8Array): Frame {
  const { stretch, sec } = momentAt(world, timeSec);
  const rgb = into ?? new Uint8Array(world.background.length);
  rgb.set(world.background);
  const canvas: Canvas = { width: world.width, height: world.height, rgb };
  const people = stretch.people.filter((p) => sec >= p.enterSec).map((p) => personActor(world, p, sec));
  const animals = stretch.animals.filter((a) => sec >= a.enterSec).map((a) => animalActor(world, a, sec));
  for (const actor of [...people, ...animals]) {
    drawShadow(canvas, actor, world.light);
    drawActor(canvas, actor);
  }
  const grainKey = hashKeys('grain', world.seed, Math.round(timeSec * PARK_FPS));
  expose(canvas, world.light, { timeSec, grainKey });
  drawOverlay(world, canvas, timeSec);
  return { rgb, width: world.width, height: world.height, truth: truthOf(stretch, sec) };
}
