import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CameraFacts, diagnoseCamera } from './diagnose-camera.ts';
import type { Sighting } from './port.ts';

const SEEN: Sighting = {
  kind: 'seen',
  firstPictureMs: 800,
  framesPerSec: 4.9,
  watchedMs: 6_000,
  isMoving: true,
  mean: 110,
  variance: 900,
};
const failed = (code: string, detail: string): Sighting => ({
  kind: 'failed',
  code,
  detail,
  remedy: 'do this',
});
const SOUND: CameraFacts = {
  id: 'gate',
  url: 'rtsp://cam/live',
  fps: 5,
  reach: { steps: [{ name: 'TCP', outcome: { kind: 'ok', found: 'port 554' } }] },
  sighting: SEEN,
  format: { codec: 'h264', width: 640, height: 360, framesPerSec: 25 },
};
const seen = (change: object): Partial<CameraFacts> => ({ sighting: { ...SEEN, ...change } });

test('a sound camera is all well, and an odd address that works is no mistake', () => {
  const checks = diagnoseCamera({ ...SOUND, url: 'rtsp://cam' });
  assert.deepEqual([...new Set(checks.map(({ verdict }) => verdict))], ['ok']);
  assert.ok(checks.every(({ camera }) => camera === 'gate'));
});

const CASES: readonly (readonly [string, Partial<CameraFacts>, string, string, RegExp])[] = [
  [
    'fswebcam is missing',
    { sighting: failed('CAPTURE_FAILED', '/dev/video0: fswebcam is not installed (package fswebcam)') },
    'stream',
    'problem',
    /fswebcam is not installed.*\(CAPTURE_FAILED\)/,
  ],
  [
    'the password is wrong',
    { sighting: failed('CAMERA_AUTH', '401') },
    'stream',
    'problem',
    /401 \(CAMERA_AUTH\)/,
  ],
  [
    'the device is in use',
    { sighting: failed('CAPTURE_FAILED', 'Device or resource busy') },
    'stream',
    'skipped',
    /in use/,
  ],
  ['the first picture takes long', seen({ firstPictureMs: 14_000 }), 'stream', 'warning', /14\.0 s/],
  ['the picture is black', seen({ mean: 3, variance: 1 }), 'picture', 'problem', /black/],
  ['the lens is covered', seen({ variance: 2 }), 'picture', 'problem', /one colour/],
  ['the picture is frozen', seen({ isMoving: false }), 'picture', 'warning', /frozen/],
  ['few frames come', seen({ framesPerSec: 2 }), 'pace', 'warning', /2\.0 of 5/],
  [
    'the stream is large',
    { format: { codec: 'hevc', width: 3840, height: 2160 } },
    'format',
    'warning',
    /3840x2160/,
  ],
];
for (const [what, change, name, verdict, found] of CASES) {
  test(`when ${what}, its ${name} is ${verdict}`, () => {
    const wrong = diagnoseCamera({ ...SOUND, ...change }).filter((check) => check.verdict !== 'ok');
    assert.deepEqual(
      wrong.map((check) => [check.name, check.verdict]),
      [[name, verdict]],
    );
    assert.match(wrong[0]?.found ?? '', found);
  });
}

test('a camera that is not reached is not opened', () => {
  const steps = [
    { name: 'TCP', outcome: { kind: 'failed', code: 'ETIMEDOUT', detail: 'no answer' } },
  ] as const;
  const checks = diagnoseCamera({ id: 'gate', url: 'rtsp://cam:80/live', fps: 5, reach: { steps } });
  assert.deepEqual(
    checks.map(({ name, verdict }) => [name, verdict]),
    [
      ['address', 'problem'],
      ['reach', 'problem'],
      ['stream', 'skipped'],
    ],
  );
});

test('a still camera that fails at a web page is told so, one whose address ends as a picture does is not', () => {
  const { url: _, ...still } = SOUND;
  const sighting = failed('CAMERA_FORMAT', 'no JPEG');
  const addressOf = (stillUrl: string): readonly string[] =>
    diagnoseCamera({ ...still, stillUrl, sighting })
      .filter(({ name }) => name === 'address')
      .map(({ found }) => found);
  assert.deepEqual(addressOf('http://cam/snapshot.jpg'), []);
  assert.match(addressOf('http://cam/')[0] ?? '', /web page/);
});
