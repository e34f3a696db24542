import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CAPTURE_LIMITS,
  type CameraSight,
  computeHealth,
  findBloat,
  findSilence,
  planNext,
  type RunningStream,
  type SourceKind,
  type StreamEnd,
} from './supervision.ts';

const SILENCES: readonly (readonly [string, RunningStream, number, string | undefined])[] = [
  ['just started', { fps: 5, startedAtMs: 0 }, 0, undefined],
  ['within the grace', { fps: 5, startedAtMs: 1_000 }, 20_999, undefined],
  ['past the grace', { fps: 5, startedAtMs: 1_000 }, 21_000, 'CAMERA_TIMEOUT'],
  ['flowing', { fps: 5, startedAtMs: 0, lastFrameAtMs: 90_100 }, 100_000, undefined],
  ['silent for 10 s', { fps: 5, startedAtMs: 0, lastFrameAtMs: 90_000 }, 100_000, 'CAMERA_STALLED'],
  ['slow by configuration', { fps: 0.2, startedAtMs: 0, lastFrameAtMs: 0 }, 24_999, undefined],
  ['slow, and five intervals late', { fps: 0.2, startedAtMs: 0, lastFrameAtMs: 0 }, 25_000, 'CAMERA_STALLED'],
];
for (const [name, stream, nowMs, code] of SILENCES) {
  test(`a stream ${name} is ${code ?? 'well'}`, () => {
    assert.equal(findSilence(stream, CAPTURE_LIMITS, nowMs)?.code, code);
  });
}

const MIB = 1024 * 1024;
for (const [rssBytes, detail] of [
  [undefined, undefined],
  [512 * MIB, undefined],
  [600 * MIB, 'ffmpeg holds 600 MiB of memory, 512 MiB are allowed'],
] as const) {
  test(`an ffmpeg of ${rssBytes ?? 'unknown'} bytes is ${detail === undefined ? 'well' : 'too large'}`, () => {
    const expected = detail === undefined ? undefined : { code: 'CAMERA_MEMORY', detail };
    assert.deepEqual(findBloat(rssBytes, CAPTURE_LIMITS), expected);
  });
}

const ended = (frames: number): StreamEnd => ({ kind: 'ended', frames });
const failed = (code: 'CAMERA_AUTH' | 'CAMERA_TIMEOUT'): StreamEnd => ({
  kind: 'failed',
  frames: 0,
  failure: { code, detail: '' },
});

interface NextCase {
  readonly name: string;
  readonly source: SourceKind;
  readonly end: StreamEnd;
  readonly attempt?: number;
  readonly random01?: number;
  readonly expected: string;
}
const NEXT: readonly NextCase[] = [
  { name: 'a recording that was played', source: 'recording', end: ended(3), expected: 'finish' },
  { name: 'a loop that was played', source: 'loop', end: ended(3), expected: 'replay' },
  {
    name: 'a recording without a picture',
    source: 'recording',
    end: ended(0),
    expected: 'CAMERA_FORMAT 550',
  },
  { name: 'a loop without a picture', source: 'loop', end: ended(0), expected: 'CAMERA_FORMAT 550' },
  { name: 'a camera that hangs up', source: 'live', end: ended(9), expected: 'CAMERA_UNREACHABLE 550' },
  {
    name: 'a recording that failed',
    source: 'recording',
    end: failed('CAMERA_TIMEOUT'),
    expected: 'CAMERA_TIMEOUT 550',
  },
  {
    name: 'the failure of a stream that flowed, at the longest',
    source: 'live',
    end: { ...failed('CAMERA_TIMEOUT'), frames: 9 },
    random01: 0.999_999,
    expected: 'CAMERA_TIMEOUT 1000',
  },
  { name: 'a first failure', source: 'live', end: failed('CAMERA_TIMEOUT'), expected: 'CAMERA_TIMEOUT 550' },
  {
    name: 'a fourth failure',
    source: 'live',
    end: failed('CAMERA_TIMEOUT'),
    attempt: 3,
    expected: 'CAMERA_TIMEOUT 4400',
  },
  {
    name: 'a failure after days',
    source: 'live',
    end: failed('CAMERA_TIMEOUT'),
    attempt: 9_999,
    random01: 0.999_999,
    expected: 'CAMERA_TIMEOUT 60000',
  },
  {
    name: 'a wrong password',
    source: 'live',
    end: failed('CAMERA_AUTH'),
    random01: 0,
    expected: 'CAMERA_AUTH 300000',
  },
];
for (const { name, source, end, attempt = 0, random01 = 0.5, expected } of NEXT) {
  test(`after ${name}: ${expected}`, () => {
    const step = planNext({ source, end, attempt, random01 }, CAPTURE_LIMITS);
    assert.equal(step.kind === 'retry' ? `${step.failure.code} ${step.afterMs}` : step.kind, expected);
  });
}

const failure = { code: 'CAMERA_TIMEOUT', detail: 'nothing' } as const;
const stall = { code: 'CAMERA_STALLED', detail: 'nothing' } as const;
const SIGHTS: readonly (readonly [CameraSight, object])[] = [
  [{ stream: 'connecting', picture: 'clear' }, { condition: 'offline' }],
  [{ stream: 'flowing', picture: 'clear' }, { condition: 'online' }],
  [{ stream: 'flowing', picture: 'covered' }, { condition: 'covered' }],
  [{ stream: 'flowing', picture: 'frozen' }, { condition: 'frozen' }],
  [
    { stream: 'flowing', picture: 'moved' },
    { condition: 'online', code: 'CAMERA_MOVED', detail: 'it looks elsewhere than before' },
  ],
  [
    { stream: 'failed', picture: 'frozen', failure },
    { condition: 'offline', ...failure },
  ],
  [
    { stream: 'failed', picture: 'clear', failure: stall },
    { condition: 'stalled', ...stall },
  ],
  [
    { stream: 'finished', picture: 'frozen' },
    { condition: 'disabled', code: 'CAMERA_ENDED' },
  ],
];
for (const [sight, expected] of SIGHTS) {
  test(`${sight.stream} with a ${sight.picture} picture is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(computeHealth(sight), expected);
  });
}
