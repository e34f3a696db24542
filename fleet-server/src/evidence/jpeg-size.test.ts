import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findJpegSize } from './jpeg-size.ts';

const segment = (marker: number, ...body: readonly number[]): readonly number[] => [
  ...[0xff, marker, 0, body.length + 2],
  ...body,
];
const FRAME = segment(0xc0, 8, 1, 0x0e, 2, 0x80, 1, 1, 0x11, 0);
const SCAN = [...segment(0xda, 1, 1, 0, 0, 63, 0), 1, 2, 3, 4];
const jpeg = (...parts: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([0xff, 0xd8, ...parts.flat(), 0xff, 0xd9]);

test('a JPEG is as large as its frame says', () => {
  assert.deepEqual(findJpegSize(jpeg(segment(0xe0, 1, 2, 3), FRAME, SCAN)), { width: 640, height: 270 });
});

const WHOLE = jpeg(FRAME, SCAN);
const WRONG: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['only a beginning and an end', jpeg()],
  ['a frame without a scan', jpeg(FRAME)],
  ['a scan without a frame', jpeg(SCAN)],
  ['one that broke off', WHOLE.subarray(0, -2)],
  ['one that begins otherwise', Uint8Array.from([0, ...WHOLE.subarray(1)])],
  ['a lossless one, which no browser shows', jpeg(segment(0xc3, 8, 1, 0, 1, 0), SCAN)],
  ['a page that begins like one', Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.from('<script>')])],
];
for (const [name, bytes] of WRONG)
  test(`${name} is no JPEG`, () => assert.equal(findJpegSize(bytes), undefined));

test('segments of any length end the search: it never stands still', () => {
  assert.equal(findJpegSize(Uint8Array.from([0xff, 0xd8, ...Array(100).fill(0xff), 0xff, 0xd9])), undefined);
  const zero = Array.from({ length: 50 }, () => [0xff, 0xe0, 0, 0]).flat();
  assert.equal(findJpegSize(jpeg(zero)), undefined);
});
