import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FramePlan, Motion } from '../port.ts';
import { createSpotWatch, planCut, SPOT_LIMITS, type Spot } from './motion-square.ts';

const PLAN: FramePlan = { width: 100, height: 100, fit: 'cover', scaleFlags: 'area' };
const SCENE = { width: 640, height: 360 };
const spot = (x: number, y: number, width: number, height: number): Spot => ({
  x: { middle01: x / SCENE.width, size01: width / SCENE.width },
  y: { middle01: y / SCENE.height, size01: height / SCENE.height },
});
const moves = (x01: number, size01 = 0.1): Motion => ({
  share01: size01 * size01 * 0.6,
  around: { x01, y01: 0.4, width01: size01, height01: size01 },
});

const CUTS: readonly (readonly [string, Spot, Partial<FramePlan>, readonly number[] | undefined])[] = [
  ['has room around what moves', spot(300, 180, 100, 60), {}, [235, 115, 130, 130]],
  ['is no smaller than the picture of the model', spot(300, 180, 10, 10), {}, [250, 130, 100, 100]],
  ['stays inside of the scene', spot(5, 355, 20, 20), {}, [0, 260, 100, 100]],
  ['has the shape of the model’s picture', spot(300, 180, 60, 100), { width: 200 }, [170, 115, 260, 130]],
  ['is as high as the scene at most', spot(300, 180, 40, 270), {}, [125, 5, 351, 351]],
  ['is none where it has no room', spot(300, 180, 40, 300), {}, undefined],
  [
    'is the whole height for a model that sees more',
    spot(300, 180, 10, 10),
    { width: 512, height: 512 },
    [120, 0, 360, 360],
  ],
];
for (const [name, where, plan, expected] of CUTS) {
  test(`the cut ${name}`, () => {
    const cut = planCut(where, SCENE, { ...PLAN, ...plan });
    assert.deepEqual(cut && [cut.left, cut.top, cut.width, cut.height], expected);
  });
}

test('the spot is there at once, follows, and what moves is always inside', () => {
  const watch = createSpotWatch({ ...SPOT_LIMITS, minShare01: 0.004 });
  assert.ok(Math.abs((watch(moves(0.2), 200)?.x.middle01 ?? 0) - 0.25) < 1e-9);
  let before = 0.25;
  for (let at = 1; at < 20; at += 1) {
    const { x } = watch(moves(0.2 + at * 0.02), 200) ?? assert.fail('no spot');
    assert.ok(x.middle01 > before, 'it follows');
    assert.ok(Math.abs(x.middle01 - (0.25 + at * 0.02)) < 0.05, 'it does not stay behind');
    before = x.middle01;
  }
});

test('it grows fast and shrinks slowly', () => {
  const watch = createSpotWatch({ ...SPOT_LIMITS, minShare01: 0.004 });
  watch(moves(0.4, 0.1), 200);
  const grown = watch(moves(0.3, 0.3), 200)?.x.size01 ?? 0;
  assert.ok(grown > 0.18 && grown < 0.3, `${grown}`);
  watch(moves(0.3, 0.3), 10_000);
  const shrunk = watch(moves(0.4, 0.1), 200)?.x.size01 ?? 0;
  assert.ok(shrunk > 0.25 && shrunk < 0.3, `${shrunk}`);
});

test('the last spot stands for what has stopped, for a while', () => {
  const watch = createSpotWatch({ ...SPOT_LIMITS, minShare01: 0.004 });
  const last = watch(moves(0.2), 200);
  assert.deepEqual(watch({ share01: 0 }, 9_000), last);
  assert.equal(watch({ share01: 0 }, 1_000), undefined);
  assert.deepEqual(watch(moves(0.2), 200), last);
});

test('too little motion, and motion here and there, make no spot', () => {
  const watch = createSpotWatch({ ...SPOT_LIMITS, minShare01: 0.004 });
  assert.equal(watch({ ...moves(0.2), share01: 0.0039 }, 200), undefined);
  const scattered = { share01: 0.05, around: { x01: 0, y01: 0, width01: 1, height01: 1 } };
  assert.equal(watch(scattered, 200), undefined);
});
