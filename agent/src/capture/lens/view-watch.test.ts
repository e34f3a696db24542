import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRAY } from '../frames/frame-outputs.ts';
import { planVisible } from '../motion/counted-pixels.ts';
import { createLensWatch, LENS_LIMITS, type LensVerdict } from './lens-watch.ts';

/** Numbers from 0 to 1 that look like chance and are the same each time. */
function createDraw(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const drawNoise = createDraw(7);

/** Things of different sizes and levels, scattered as `seed` says, moved by some pixels, in a light, with noise. */
function drawView(seed: number, { shift = 0, light = 1, noise = 2 } = {}): Uint8Array {
  const draw = createDraw(seed);
  const things = Array.from({ length: 30 }, () => ({
    x: draw() * GRAY.width + shift,
    y: draw() * GRAY.height,
    width: 6 + draw() * 30,
    height: 6 + draw() * 20,
    level: 40 + draw() * 180,
  }));
  return Uint8Array.from({ length: GRAY.width * GRAY.height }, (_, at) => {
    const [x, y] = [at % GRAY.width, Math.floor(at / GRAY.width)];
    const thing = things.findLast(
      (one) => x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height,
    );
    return Math.max(0, Math.min(255, (thing?.level ?? 120) * light + (drawNoise() - 0.5) * 2 * noise));
  });
}

interface Phase {
  readonly seconds: number;
  readonly picture: () => Uint8Array;
  readonly motion01?: number;
}

/** The verdict at the end of each phase, a picture a second. */
function watch(phases: readonly Phase[], visible = planVisible({ masks: [] })): readonly LensVerdict[] {
  const look = createLensWatch(visible, LENS_LIMITS);
  let nowMs = 0;
  return phases.map(({ seconds, picture, motion01 = 0 }) => {
    let verdict: LensVerdict = 'clear';
    for (let second = 0; second < seconds; second += 1) {
      nowMs += 1_000;
      verdict = look(picture(), motion01, nowMs);
    }
    return verdict;
  });
}

const HOME: Phase = { seconds: 90, picture: () => drawView(1) };
const AWAY: Phase = { seconds: 45, picture: () => drawView(2) };

const TABLE: readonly (readonly [string, readonly Phase[], readonly LensVerdict[]])[] = [
  ['a camera that is turned has moved', [HOME, AWAY], ['clear', 'moved']],
  ['not at once: somebody may stand before it', [HOME, { ...AWAY, seconds: 25 }], ['clear', 'clear']],
  [
    'one that is turned back looks where it looked',
    [HOME, AWAY, { ...HOME, seconds: 2 }],
    ['clear', 'moved', 'clear'],
  ],
  [
    'after ten minutes the new view is its own',
    [HOME, AWAY, { ...AWAY, seconds: 600 }],
    ['clear', 'moved', 'clear'],
  ],
  [
    'and the old one would be another then',
    [HOME, { ...AWAY, seconds: 645 }, { ...HOME, seconds: 45 }],
    ['clear', 'clear', 'moved'],
  ],
  [
    'a mast that sways, and other light, change no view',
    [
      HOME,
      { seconds: 45, picture: () => drawView(1, { shift: 3 }) },
      { seconds: 45, picture: () => drawView(1, { light: 0.4, noise: 4 }) },
    ],
    ['clear', 'clear', 'clear'],
  ],
  [
    'one that hangs has moved',
    [HOME, { seconds: 45, picture: () => drawView(1, { shift: 60 }) }],
    ['clear', 'moved'],
  ],
  ['while something moves nothing is judged', [HOME, { ...AWAY, motion01: 0.1 }], ['clear', 'clear']],
  ['a view is not known within a minute', [{ ...HOME, seconds: 30 }, AWAY], ['clear', 'clear']],
  [
    'a dark night is no other view, and the morning is the old one',
    [HOME, { seconds: 300, picture: () => drawView(1, { light: 0.02 }) }, HOME],
    ['clear', 'covered', 'clear'],
  ],
];
for (const [name, phases, expected] of TABLE) {
  test(name, () => assert.deepEqual(watch(phases), expected));
}

test('what lies under a mask is no part of the view', () => {
  const masks = [{ x01: 0.5, y01: 0, width01: 0.5, height01: 1 }];
  const half = (left: number, right: number) => (): Uint8Array => {
    const [here, there] = [drawView(left), drawView(right)];
    return here.map((level, at) => (at % GRAY.width < GRAY.width / 2 ? level : (there[at] ?? 0)));
  };
  const phases = [
    { seconds: 90, picture: half(1, 2) },
    { seconds: 45, picture: half(1, 3) },
    { seconds: 45, picture: half(4, 3) },
  ];
  assert.deepEqual(watch(phases, planVisible({ masks })), ['clear', 'clear', 'moved']);
});
