import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  judgePicture,
  measurePicture,
  PICTURE_LIMITS,
  type PictureHistory,
  type PictureMeasure,
  type PictureVerdict,
  toGray,
} from './picture-watch.ts';

const CLEAR: PictureMeasure = { hash: 1, mean: 100, variance: 900 };
const DARK: PictureMeasure = { hash: 2, mean: 7.9, variance: 900 };
const FLAT: PictureMeasure = { hash: 3, mean: 100, variance: 4.9 };
const OTHER: PictureMeasure = { hash: 4, mean: 100, variance: 900 };

/** What was seen at which second, and the last verdict. */
const TABLE: readonly (readonly [string, readonly (readonly [number, PictureMeasure])[], PictureVerdict])[] =
  [
    ['a first picture is clear', [[0, CLEAR]], 'clear'],
    [
      'a dark moment is no cover',
      [
        [0, DARK],
        [4.9, DARK],
      ],
      'clear',
    ],
    [
      'a dark picture for 5 s is covered',
      [
        [0, DARK],
        [3, DARK],
        [5, DARK],
      ],
      'covered',
    ],
    [
      'a flat picture for 5 s is covered',
      [
        [0, FLAT],
        [3, FLAT],
        [5, FLAT],
      ],
      'covered',
    ],
    [
      'dark, then flat is covered all the same',
      [
        [0, DARK],
        [3, FLAT],
        [5, DARK],
      ],
      'covered',
    ],
    [
      'a clear picture between begins anew',
      [
        [0, DARK],
        [3, CLEAR],
        [5, DARK],
        [9, DARK],
      ],
      'clear',
    ],
    [
      'the same picture for 60 s is frozen',
      [
        [0, CLEAR],
        [30, CLEAR],
        [60, CLEAR],
      ],
      'frozen',
    ],
    [
      'just under 60 s it is not',
      [
        [0, CLEAR],
        [59.9, CLEAR],
      ],
      'clear',
    ],
    [
      'another picture between begins anew',
      [
        [0, CLEAR],
        [30, OTHER],
        [60, CLEAR],
      ],
      'clear',
    ],
    [
      'black for long is covered, not frozen',
      [
        [0, DARK],
        [50, DARK],
        [100, DARK],
      ],
      'covered',
    ],
    [
      'two dark keyframes, however far apart, prove nothing yet',
      [
        [0, DARK],
        [30, DARK],
      ],
      'clear',
    ],
    [
      'nor do two equal ones',
      [
        [0, CLEAR],
        [90, CLEAR],
      ],
      'clear',
    ],
    [
      'a picture that moves again is clear',
      [
        [0, CLEAR],
        [30, CLEAR],
        [60, CLEAR],
        [61, OTHER],
      ],
      'clear',
    ],
  ];
for (const [name, pictures, expected] of TABLE) {
  test(name, () => {
    let history: PictureHistory | undefined;
    let verdict: PictureVerdict = 'clear';
    for (const [second, measure] of pictures) {
      ({ history, verdict } = judgePicture(measure, history, second * 1000, PICTURE_LIMITS));
    }
    assert.equal(verdict, expected);
  });
}

test('mean and variance are those of the luma', () => {
  const { mean, variance } = measurePicture(toGray(Uint8Array.of(0, 0, 0, 100, 100, 100)));
  assert.ok(Math.abs(mean - 50) < 1e-6);
  assert.ok(Math.abs(variance - 2500) < 1e-6);
});

test('two colours of like brightness are not flat', () => {
  assert.ok(
    measurePicture(toGray(Uint8Array.of(255, 0, 0, 0, 0, 255))).variance > PICTURE_LIMITS.flatVariance,
  );
});

test('one changed bit changes the hash', () => {
  const black = measurePicture(new Uint8Array(300));
  const spot = new Uint8Array(300);
  spot[299] = 1;
  assert.notEqual(measurePicture(spot).hash, black.hash);
  assert.equal(measurePicture(new Uint8Array(300)).hash, black.hash);
});

test('under a mask nothing is measured', () => {
  const gray = Uint8Array.of(100, 0, 100, 0);
  const { mean, variance } = measurePicture(gray, Uint8Array.of(1, 0, 1, 0));
  assert.deepEqual([mean, variance], [100, 0]);
});
