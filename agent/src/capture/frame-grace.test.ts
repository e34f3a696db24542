import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFrameGrace } from './frame-grace.ts';
import type { DecodeTier } from './port.ts';

type Step = readonly [second: number, tier: DecodeTier] | 'failure';

/** What the last frame of `steps` is followed by. */
function graceMsAfter(fps: number, steps: readonly Step[]): number | undefined {
  const grace = createFrameGrace(fps);
  let lastMs: number | undefined;
  for (const step of steps)
    if (step === 'failure') grace.onFailure();
    else lastMs = grace.onFrame(step[0] * 1000, step[1]);
  return lastMs;
}

const TABLE: readonly (readonly [string, number, readonly Step[], number])[] = [
  ['frames of a usual pace', 5, [[0, 'every']], 2_000],
  ['frames that come every four seconds', 0.25, [[0, 'every']], 8_000],
  ['the first keyframe', 5, [[0, 'keyframes']], 10_000],
  [
    'keyframes four seconds apart',
    5,
    [
      [0, 'keyframes'],
      [4, 'keyframes'],
    ],
    8_000,
  ],
  [
    'keyframes that come as fast as frames',
    5,
    [
      [0, 'keyframes'],
      [0.2, 'keyframes'],
    ],
    2_000,
  ],
  [
    'keyframes after every frame was decoded',
    5,
    [
      [0, 'keyframes'],
      [1, 'every'],
      [90, 'keyframes'],
    ],
    10_000,
  ],
  [
    'the first keyframe after an hour without',
    5,
    [[0, 'keyframes'], 'failure', [3_600, 'keyframes']],
    10_000,
  ],
];
for (const [name, fps, steps, expected] of TABLE)
  test(`${name}: ${expected} ms`, () => assert.equal(graceMsAfter(fps, steps), expected));
