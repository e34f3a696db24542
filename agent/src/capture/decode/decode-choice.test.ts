import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamFailure } from '../sources/stream-error.ts';
import { chooseMethod, type DecodeTrial, judgeDecoder, parseVideoFormat } from './decode-choice.ts';

const LINES: readonly (readonly [string, object | undefined])[] = [
  [
    '  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, smpte170m, progressive), 640x360, 489 kb/s',
    { codec: 'h264', width: 640, height: 360 },
  ],
  [
    '  Stream #0:1: Audio: aac\n  Stream #0:0: Video: hevc (Main), yuvj420p(pc), 2560x1440 [SAR 1:1 DAR 16:9], 25 fps',
    { codec: 'hevc', width: 2560, height: 1440 },
  ],
  [
    '  Stream #0:0: Video: mjpeg (Baseline), yuvj422p(pc), 320x180',
    { codec: 'mjpeg', width: 320, height: 180 },
  ],
  ['Connection refused', undefined],
];
for (const [text, expected] of LINES) {
  test(`the format in "${text.slice(-40)}"`, () => assert.deepEqual(parseVideoFormat(text), expected));
}

const CHOICES: readonly (readonly [string, readonly DecodeTrial[], string])[] = [
  ['nothing but software', [{ method: 'software', cpu01: 0.1 }], 'software'],
  [
    'hardware that takes less',
    [
      { method: 'software', cpu01: 0.1 },
      { method: 'vaapi', cpu01: 0.03 },
      { method: 'cuda', cpu01: 0.02 },
    ],
    'cuda',
  ],
  [
    'hardware that takes hardly less, on a small stream',
    [
      { method: 'software', cpu01: 0.02 },
      { method: 'vaapi', cpu01: 0.019 },
    ],
    'software',
  ],
  [
    'hardware that does not work',
    [
      { method: 'software', cpu01: 0.1 },
      { method: 'v4l2m2m', why: 'Could not find a valid device' },
    ],
    'software',
  ],
  ['hardware without software to compare with', [{ method: 'cuda', cpu01: 0.01 }], 'software'],
];
for (const [name, trials, expected] of CHOICES) {
  test(`of ${name}, ${expected} is chosen`, () => assert.equal(chooseMethod(trials), expected));
}

const JUDGEMENTS: readonly (readonly [StreamFailure['code'], number, string])[] = [
  ['CAPTURE_FAILED', 0, 'doubt'],
  ['CAMERA_FORMAT', 100, 'broken'],
  ['CAMERA_TIMEOUT', 0, 'doubt'],
  ['CAMERA_STALLED', 100, 'sound'],
  ['CAMERA_UNREACHABLE', 0, 'sound'],
  ['CAMERA_AUTH', 0, 'sound'],
];
for (const [code, frames, expected] of JUDGEMENTS) {
  test(`a decoder whose stream ended with ${code} after ${frames} frames: ${expected}`, () =>
    assert.equal(judgeDecoder({ code, detail: '' }, frames), expected));
}
