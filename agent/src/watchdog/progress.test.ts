import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgressSample } from './port.ts';
import { describeProgress, judgeProgress, type Progress, type ProgressHistory } from './progress.ts';

const LIMITS = { recoveryMs: 100_000, silentMs: 60_000, answerMs: 10_000 };

/** One camera that delivers, a model, nothing done yet. */
const sample = (change: Partial<ProgressSample> & { readonly captured?: number } = {}): ProgressSample => {
  const { captured = 0, ...rest } = change;
  return { cameras: [{ isDelivering: true, captured }], model: 'pets 1.2.0', classified: 0, ...rest };
};

const START: ProgressHistory = { sample: sample(), atMs: 0, deliveredAtMs: 0 };
const OFFLINE = { isDelivering: false, captured: 0 };

const CASES: readonly (readonly [string, ProgressSample, number, Progress])[] = [
  [
    'frames were classified',
    sample({ captured: 50, classified: 40 }),
    10_000,
    { kind: 'classified', framesPerSec: 4 },
  ],
  [
    'frames come and none is classified',
    sample({ captured: 50 }),
    10_000,
    { kind: 'stuck', what: 'frames come and none is classified' },
  ],
  ['there is no camera', sample({ cameras: [] }), 10_000, { kind: 'excused', why: 'no camera' }],
  [
    'there is no model',
    { ...sample({ captured: 50 }), model: undefined },
    10_000,
    { kind: 'excused', why: 'no model' },
  ],
  [
    'nothing moves',
    sample({ captured: 50, leftOut: 50 }),
    10_000,
    { kind: 'excused', why: 'nothing to look at' },
  ],
  [
    'nothing moves and a single look is under way',
    sample({ captured: 50, leftOut: 49, waitingSinceMs: 9_900 }),
    10_000,
    { kind: 'excused', why: 'nothing to look at' },
  ],
  [
    'nothing moves and a single look is not answered',
    sample({ captured: 50, leftOut: 49, waitingSinceMs: 5_000 }),
    15_000,
    { kind: 'stuck', what: 'frames come and none is classified' },
  ],
  [
    'frames are neither looked at nor left out',
    sample({ captured: 50, leftOut: 0 }),
    10_000,
    { kind: 'stuck', what: 'frames come and none is classified' },
  ],
  [
    'the inference process is being started again',
    sample({ captured: 50, recoveringSinceMs: 5_000 }),
    10_000,
    { kind: 'excused', why: 'recovering' },
  ],
  [
    'the inference process does not come back within its limit',
    sample({ captured: 50, recoveringSinceMs: 5_000 }),
    105_000,
    { kind: 'stuck', what: 'the inference process does not come back' },
  ],
  ['every camera is offline', sample({ cameras: [OFFLINE] }), 900_000, { kind: 'excused', why: 'no frames' }],
  [
    'the inference process was lost and then every camera',
    sample({ cameras: [OFFLINE], recoveringSinceMs: 5_000 }),
    900_000,
    { kind: 'excused', why: 'no frames' },
  ],
  ['a camera was just silent', sample(), 59_999, { kind: 'excused', why: 'no frames' }],
  [
    'a camera says it delivers and does not',
    sample(),
    60_000,
    { kind: 'stuck', what: 'a camera counts as online and delivers nothing' },
  ],
];
for (const [name, now, atMs, expected] of CASES) {
  test(`when ${name}, the frame path is ${expected.kind}`, () =>
    assert.deepEqual(judgeProgress(START, now, atMs, LIMITS).progress, expected));
}

test('the silence of a camera counts from its last frame, over many looks', () => {
  const flowing = judgeProgress(START, sample({ captured: 9, classified: 9 }), 50_000, LIMITS).history;
  const silent = sample({ captured: 9, classified: 9 });
  const first = judgeProgress(flowing, silent, 100_000, LIMITS);
  assert.equal(first.progress.kind, 'excused');
  assert.equal(judgeProgress(first.history, silent, 110_000, LIMITS).progress.kind, 'stuck');
});

test('a camera that was away is given its time when it is back', () => {
  const away = judgeProgress(START, sample({ cameras: [OFFLINE] }), 500_000, LIMITS).history;
  assert.equal(judgeProgress(away, sample(), 510_000, LIMITS).progress.kind, 'excused');
});

test('the status says in words what the agent does', () => {
  const cameras = [...Array<typeof OFFLINE>(4).fill({ isDelivering: true, captured: 1 }), OFFLINE];
  const say = (progress: Progress, change: Partial<ProgressSample> = {}): string =>
    describeProgress({ cameras, model: 'pets 1.2.0', classified: 1, ...change }, progress);
  assert.equal(
    say({ kind: 'classified', framesPerSec: 19.84 }),
    '4 of 5 cameras, model pets 1.2.0, 19.8 frames a second',
  );
  assert.equal(
    say({ kind: 'excused', why: 'no model' }, { model: undefined }),
    '4 of 5 cameras, no model yet',
  );
  assert.equal(
    say({ kind: 'excused', why: 'no camera' }, { cameras: [] }),
    'no camera set up, model pets 1.2.0',
  );
  assert.equal(
    say({ kind: 'stuck', what: 'frames come and none is classified' }),
    '4 of 5 cameras, model pets 1.2.0, stuck: frames come and none is classified',
  );
});
