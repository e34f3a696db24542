import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FramePlan, type PlannedPicture, pictureFor } from '../port.ts';
import { choosePictures, coversPlans, IDLE_PLAN, mergePlans, planTensorFilter } from './frame-plan.ts';

const A: FramePlan = { width: 4, height: 4, fit: 'cover', shortestEdge: 8, scaleFlags: 'area' };
const B: FramePlan = { ...A, width: 8 };
const OTHER_EDGE: FramePlan = { ...A, shortestEdge: 9 };

test('equal plans are one, the first keeps its place; without any there is the own one of the camera', () => {
  assert.deepEqual(mergePlans([B, A, { ...B }, OTHER_EDGE]), [B, A, OTHER_EDGE]);
  assert.deepEqual(mergePlans([]), [IDLE_PLAN]);
});

test('plans cover those they hold by value', () => {
  assert.ok(coversPlans([A, B], [{ ...B }]));
  assert.ok(coversPlans([A], []));
  assert.ok(!coversPlans([A, B], [B, OTHER_EDGE]));
});

const picture = (plan: FramePlan, value: number): PlannedPicture => ({ plan, rgb: Uint8Array.of(value) });

test('pictures are chosen in the order of the plans; while one is missing, all are given', () => {
  const made = [picture(A, 1), picture(B, 2)];
  assert.deepEqual(choosePictures(made, [B]), [made[1]]);
  assert.deepEqual(choosePictures(made, [B, A]), [made[1], made[0]]);
  assert.deepEqual(choosePictures(made, [B, OTHER_EDGE]), made);
});

test('the picture for a plan is found by value', () => {
  const view = { pictures: [picture(A, 1), picture(B, 2)] };
  assert.deepEqual(pictureFor(view, { ...B }), Uint8Array.of(2));
  assert.equal(pictureFor(view, OTHER_EDGE), undefined);
});

const WIDE: FramePlan = { width: 224, height: 192, fit: 'cover', scaleFlags: 'area' };
const DOWN = 'scale=224:192:force_original_aspect_ratio=decrease:flags=area,format=rgb24';
const CENTRED = 'pad=224:192:(ow-iw)/2:(oh-ih)/2';
for (const [name, change, filter] of [
  ['squashes', { fit: 'squash' }, 'scale=224:192:flags=area,format=rgb24'],
  [
    'covers and cuts',
    {},
    'scale=224:192:force_original_aspect_ratio=increase:flags=area,format=rgb24,crop=224:192:ceil((iw-ow)/2):ceil((ih-oh)/2)',
  ],
  [
    'keeps its shape until it is cut out of a larger picture',
    { shortestEdge: 216 },
    'scale=252:216:force_original_aspect_ratio=increase:flags=area,format=rgb24,crop=224:192:ceil((iw-ow)/2):ceil((ih-oh)/2)',
  ],
  ['is letterboxed in black', { fit: 'letterbox' }, `${DOWN},${CENTRED}:color=0x000000`],
  ['is letterboxed in grey', { fit: 'letterbox', padLevel: 114 }, `${DOWN},${CENTRED}:color=0x727272`],
] as const)
  test(`a plan that is not square ${name}`, () => {
    assert.equal(planTensorFilter({ ...WIDE, ...change }), filter);
  });
