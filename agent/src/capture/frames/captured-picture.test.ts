import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FramePlan } from '../port.ts';
import { chooseViews, joinParts } from './captured-picture.ts';
import type { FrameOutput } from './frame-outputs.ts';

const SMALL: FramePlan = { width: 2, height: 1, fit: 'squash', scaleFlags: 'area' };
const LARGE: FramePlan = { ...SMALL, width: 4 };
const region = (id: string) => ({ id, x01: 0, y01: 0, width01: 1, height01: 1 });
const part = (level: number): Uint8Array => Uint8Array.of(level);

test('parts come together by region and plan, in the order of the outputs', () => {
  const outputs: readonly FrameOutput[] = [
    { kind: 'gray' },
    { kind: 'tensor', plan: SMALL, region: region('gate') },
    { kind: 'tensor', plan: LARGE, region: region('gate') },
    { kind: 'tensor', plan: SMALL, region: region('lawn') },
  ];
  assert.deepEqual(joinParts(outputs, [part(0), part(1), part(2), part(3)]), {
    gray: part(0),
    views: [
      {
        region: 'gate',
        pictures: [
          { plan: SMALL, rgb: part(1) },
          { plan: LARGE, rgb: part(2) },
        ],
      },
      { region: 'lawn', pictures: [{ plan: SMALL, rgb: part(3) }] },
    ],
  });
});

test('without regions there is one view without id, with a scene there is none', () => {
  const tensor: FrameOutput = { kind: 'tensor', plan: SMALL };
  assert.deepEqual(joinParts([{ kind: 'gray' }, tensor], [part(0), part(1)]).views, [
    { pictures: [{ plan: SMALL, rgb: part(1) }] },
  ]);
  const scene = { width: 1, height: 1, rgb: new Uint8Array(3) };
  assert.deepEqual(joinParts([{ kind: 'gray' }, { kind: 'scene' }], [part(0), scene]), {
    gray: part(0),
    views: [],
    scene,
  });
});

test('of each view the wanted plans are kept in their order, or all while one is missing', () => {
  const pictures = [SMALL, LARGE].map((plan, at) => ({ plan, rgb: part(at) }));
  const other: FramePlan = { ...SMALL, height: 9 };
  assert.deepEqual(chooseViews([{ region: 'gate', pictures }], [LARGE, SMALL]), [
    { region: 'gate', pictures: pictures.toReversed() },
  ]);
  assert.deepEqual(chooseViews([{ pictures }], [other, SMALL]), [{ pictures }]);
});
