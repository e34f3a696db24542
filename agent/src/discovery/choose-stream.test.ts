import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseStream, type Need } from './choose-stream.ts';
import type { FoundStream } from './port.ts';

const NEED: Need = { width: 224, height: 224, fps: 5, hardware: [] };

/** `codec WIDTHxHEIGHT@FPS` */
function stream(text: string): FoundStream {
  const [, codec = '', width, height, fps] = /^(\w+) (\d+)x(\d+)(?:@(\d+))?$/.exec(text) ?? [];
  return {
    name: text,
    url: 'rtsp://camera/1',
    isCensored: false,
    codec: codec as FoundStream['codec'],
    width: Number(width),
    height: Number(height),
    ...(fps !== undefined && { framesPerSec: Number(fps) }),
  };
}

const CASES: readonly (readonly [string, readonly string[], Partial<Need>, string | undefined])[] = [
  ['the substream before the main one', ['H264 1920x1080@25', 'H264 640x360@25'], {}, 'H264 640x360@25'],
  ['not one that is too small', ['H264 1920x1080@25', 'H264 176x144@25'], {}, 'H264 1920x1080@25'],
  ['not one that is too low for the input', ['H264 1280x720@25', 'H264 352x198@25'], {}, 'H264 1280x720@25'],
  ['the largest when none is large enough', ['H264 176x144@25', 'H264 320x180@25'], {}, 'H264 320x180@25'],
  ['H.264 before H.265 of the same size', ['H265 640x360@15', 'H264 640x360@15'], {}, 'H264 640x360@15'],
  ['a small H.265 before a large H.264', ['H264 1920x1080@25', 'H265 640x360@25'], {}, 'H265 640x360@25'],
  [
    'H.265 where hardware decodes it and it is the slower one',
    ['H264 640x360@15', 'H265 640x360@10'],
    { hardware: ['H265'] },
    'H265 640x360@10',
  ],
  ['the lower frame rate', ['H264 640x360@25', 'H264 640x360@10'], {}, 'H264 640x360@10'],
  ['not one slower than what is classified', ['H264 640x360@25', 'H264 640x360@2'], {}, 'H264 640x360@25'],
  ['the slow one when all are', ['H264 1920x1080@2', 'H264 640x360@2'], {}, 'H264 640x360@2'],
  [
    'an untold frame rate counts as the usual one',
    ['H264 640x360', 'H264 640x360@10'],
    {},
    'H264 640x360@10',
  ],
  [
    'a larger input asks for a larger stream',
    ['H264 640x360@25', 'H264 1280x720@25'],
    { height: 640 },
    'H264 1280x720@25',
  ],
  ['nothing of nothing', [], {}, undefined],
];
for (const [name, offered, need, chosen] of CASES) {
  test(`chosen is ${name}`, () => {
    for (const order of [offered, offered.toReversed()])
      assert.equal(chooseStream(order.map(stream), { ...NEED, ...need })?.name, chosen);
  });
}
