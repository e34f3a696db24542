import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFrameSplitter, createJoiner, createJpegSplitter } from './frame-splitter.ts';

function splitWith(
  create: (onWhole: (whole: Uint8Array) => void) => (chunk: Uint8Array) => void,
  stream: Uint8Array,
  chunkBytes: number,
): readonly (readonly number[])[] {
  const found: (readonly number[])[] = [];
  const push = create((whole) => found.push([...whole]));
  for (let at = 0; at < stream.length; at += chunkBytes) push(stream.subarray(at, at + chunkBytes));
  return found;
}

for (const chunkBytes of [1, 2, 3, 4, 7, 100]) {
  test(`frames are whole in chunks of ${chunkBytes}, a last part is not one`, () => {
    const stream = Uint8Array.from({ length: 11 }, (_, index) => index);
    const frames = splitWith((onFrame) => createFrameSplitter(3, onFrame), stream, chunkBytes);
    assert.deepEqual(frames, [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ]);
  });

  test(`pictures are whole in chunks of ${chunkBytes}, whatever lies around them is dropped`, () => {
    const first = [0xff, 0xd8, 0xd9, 0xff, 0x00, 0xd9, 0xff, 0xd9];
    const second = [0xff, 0xd8, 0xff, 0xff, 0xd9];
    const debris = [1, 2, 0xff, 0xd9];
    const stream = Uint8Array.from([...first, ...debris, ...second, 0xff, 0xd8, 5]);
    assert.deepEqual(splitWith(createJpegSplitter, stream, chunkBytes), [first, second]);
  });
}

test('the receiver owns each frame: later bytes do not change it', () => {
  const frames: Uint8Array[] = [];
  const push = createFrameSplitter(2, (frame) => frames.push(frame));
  const chunk = Uint8Array.of(1, 2);
  push(chunk);
  chunk.fill(9);
  push(chunk);
  assert.deepEqual(
    frames.map((frame) => [...frame]),
    [
      [1, 2],
      [9, 9],
    ],
  );
});

test('parts with the same number belong together, however far one output is ahead', () => {
  const wholes: (readonly string[])[] = [];
  const [first, second, third] = createJoiner<string>(3, (parts) => wholes.push(parts));
  for (const part of ['a0', 'a1', 'a2']) first?.(part);
  third?.('c0');
  second?.('b0');
  second?.('b1');
  assert.deepEqual(wholes, [['a0', 'b0', 'c0']]);
  third?.('c1');
  assert.deepEqual(wholes[1], ['a1', 'b1', 'c1']);
  assert.equal(wholes.length, 2);
});

test('a picture that never ends is dropped, the next one is found', () => {
  const found: number[] = [];
  const push = createJpegSplitter((jpeg) => found.push(jpeg.length));
  push(Uint8Array.of(0xff, 0xd8));
  for (let mebibyte = 0; mebibyte < 5; mebibyte += 1) push(new Uint8Array(1024 * 1024));
  push(Uint8Array.of(0xff, 0xd9, 0xff, 0xd8, 0xff, 0xd9));
  assert.deepEqual(found, [4]);
});
