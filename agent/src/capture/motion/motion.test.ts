import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRAY } from '../frames/frame-outputs.ts';
import type { Motion } from '../port.ts';
import { planWatched } from './counted-pixels.ts';
import { createMotionWatch } from './motion.ts';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly level: number;
}

/** Numbers from 0 to 1 that look like chance and are the same each time. */
function createDraw(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const draw = createDraw();

/** A wall, a floor and a few things on it, in a light and with noise. */
function drawScene(boxes: readonly Box[] = [], light = 1, noise = 2): Uint8Array {
  return Uint8Array.from({ length: GRAY.width * GRAY.height }, (_, at) => {
    const [x, y] = [at % GRAY.width, Math.floor(at / GRAY.width)];
    const thing = boxes.find(
      (box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height,
    );
    const scene = y < 45 ? 150 + 40 * Math.sin(x / 9) : 80 + ((x >> 3) % 2) * 25;
    return Math.max(0, Math.min(255, (thing?.level ?? scene) * light + (draw() - 0.5) * 2 * noise));
  });
}

const EVERYWHERE = planWatched({ masks: [], regions: [] });
const CAT: Box = { x: 60, y: 50, width: 14, height: 10, level: 230 };

/** What is told of each picture, 200 ms apart, after twenty of the empty scene. */
function watch(
  pictures: readonly Uint8Array[],
  watched = EVERYWHERE,
  empty = () => drawScene(),
): readonly Motion[] {
  const look = createMotionWatch(watched);
  for (let at = 0; at < 20; at += 1) look(empty(), 200);
  return pictures.map((picture) => look(picture, 200));
}
const times = (count: number, make: (at: number) => Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, at) => make(at));
const walk = (at: number): Box => ({ ...CAT, x: CAT.x + 3 * at });

const STILL: readonly (readonly [string, () => readonly Uint8Array[]])[] = [
  ['a scene in which nothing happens', () => times(20, () => drawScene())],
  ['the noise of a dark night', () => times(20, () => drawScene([], 1, 12))],
  ['a lamp that is dimmed', () => times(20, (at) => drawScene([], 1 - at * 0.01))],
  ['a lamp that is switched off', () => times(20, () => drawScene([], 0.45))],
  ['a camera that changes to its night picture', () => times(20, () => drawScene([], 1.4, 6))],
  [
    'single pixels',
    () => times(20, (at) => drawScene([{ x: at * 7, y: 30, width: 1, height: 2, level: 255 }])),
  ],
  [
    'a block of the codec',
    () => times(20, (at) => drawScene([{ x: at * 8, y: 64, width: 2, height: 2, level: 255 }])),
  ],
];
for (const [name, pictures] of STILL) {
  test(`${name}: no motion`, () => {
    for (const motion of watch(pictures())) assert.ok(motion.share01 < 0.004, `${motion.share01}`);
  });
}

type Moves = readonly [string, () => readonly Uint8Array[], empty?: () => Uint8Array];
const MOVES: readonly Moves[] = [
  ['a cat that walks', () => times(10, (at) => drawScene([walk(at)]))],
  [
    'a cat at night',
    () => times(10, (at) => drawScene([{ ...walk(at), level: 180 }], 0.3, 5)),
    () => drawScene([], 0.3, 5),
  ],
  ['a cat while the light goes', () => times(10, (at) => drawScene([walk(at)], 1 - at * 0.02))],
];
for (const [name, pictures, empty] of MOVES) {
  test(`${name}: motion where it is`, () => {
    const found = watch(pictures(), EVERYWHERE, empty);
    for (const [at, { share01, around }] of found.entries()) {
      if (at === 0) continue;
      assert.ok(share01 > 0.004 && share01 < 0.06, `${at}: ${share01}`);
      const { x01, y01, width01, height01 } = around ?? assert.fail(`picture ${at}: nothing`);
      const cat = walk(at);
      assert.ok(x01 * GRAY.width <= cat.x + 1 && (x01 + width01) * GRAY.width >= cat.x + cat.width - 1);
      assert.ok(y01 * GRAY.height <= cat.y + 1 && (y01 + height01) * GRAY.height >= cat.y + cat.height - 1);
      assert.ok(width01 < 0.5 && height01 < 0.3, `${width01} x ${height01}`);
    }
  });
}

test('the first picture of all moves nothing, and what it showed does not stay', () => {
  const look = createMotionWatch(EVERYWHERE);
  assert.deepEqual(look(drawScene([CAT]), 0), { share01: 0 });
  const after = times(40, () => drawScene()).map((picture) => look(picture, 200));
  assert.equal(after.at(-1)?.share01, 0);
});

test('what was parked moves for two minutes at most, then it is part of the scene', () => {
  const shares = watch(times(700, () => drawScene([CAT]))).map(({ share01 }) => share01);
  assert.ok((shares[25] ?? 0) > 0.004, 'five seconds later it still counts');
  assert.equal(shares.at(-1), 0);
});

test('time counts, not pictures: with one each two seconds it is parked as fast', () => {
  const look = createMotionWatch(EVERYWHERE);
  for (let empty = 0; empty < 20; empty += 1) look(drawScene(), 2_000);
  const shares = times(70, () => drawScene([CAT])).map((picture) => look(picture, 2_000).share01);
  assert.ok((shares[2] ?? 0) > 0.004);
  assert.equal(shares.at(-1), 0);
});

test('a camera that is turned moves once, then looks at a new scene', () => {
  const turned = (): Uint8Array => drawScene().toReversed();
  const shares = watch(times(5, turned)).map(({ share01 }) => share01);
  assert.ok((shares[0] ?? 0) > 0.3, `${shares[0]}`);
  assert.ok((shares[2] ?? 1) < 0.004, `${shares[2]}`);
});

test('what moves under a mask, or beside the regions, moves nothing', () => {
  const [left, right] = [
    { x01: 0, y01: 0, width01: 0.3, height01: 1 },
    { x01: 0.3, y01: 0, width01: 0.7, height01: 1 },
  ];
  const cats = () => times(5, (at) => drawScene([walk(at)]));
  const inside = planWatched({ masks: [left], regions: [] });
  const masked = planWatched({ masks: [right], regions: [] });
  const beside = planWatched({ masks: [], regions: [{ id: 'left', ...left }] });
  assert.ok((watch(cats(), inside).at(-1)?.share01 ?? 0) > 0.004);
  assert.equal(watch(cats(), masked).at(-1)?.share01, 0);
  assert.equal(watch(cats(), beside).at(-1)?.share01, 0);
});

test('two things far apart are told with the box around both', () => {
  const dog: Box = { x: 130, y: 70, width: 16, height: 12, level: 10 };
  const { around } = watch([drawScene([CAT, dog])])[0] ?? assert.fail();
  assert.ok((around?.x01 ?? 1) * GRAY.width <= CAT.x + 1);
  assert.ok(((around?.x01 ?? 0) + (around?.width01 ?? 0)) * GRAY.width >= dog.x + dog.width - 1);
});
