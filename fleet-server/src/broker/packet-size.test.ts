import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPacketSizeMeter } from './packet-size.ts';

const PING = [0xc0, 0x00];
const packet = (length: number): number[] => {
  const header = [0x30];
  let rest = length;
  do {
    header.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return [...header, ...Array<number>(length).fill(0xff)];
};

/** Feeds the bytes in chunks of `size`. */
function feed(maxBytes: number, bytes: readonly number[], size: number): boolean {
  const meter = createPacketSizeMeter(maxBytes);
  for (let at = 0; at < bytes.length; at += size) {
    if (!meter.accept(Uint8Array.from(bytes.slice(at, at + size)))) return false;
  }
  return true;
}

const CASES: readonly (readonly [string, readonly number[], boolean])[] = [
  ['an empty packet', PING, true],
  ['a packet of the limit', packet(300), true],
  [
    'packets that follow each other',
    [...packet(300), ...PING, ...packet(127), ...packet(128), ...PING],
    true,
  ],
  ['a packet one byte too long', packet(301), false],
  ['a long packet behind good ones', [...packet(10), ...PING, ...packet(1_000)], false],
  ['a length of five bytes', [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], false],
  ['a length that only announces', [0x30, 0xff, 0xff, 0xff, 0x7f], false],
];

for (const [name, bytes, accepted] of CASES) {
  for (const size of [1, 2, 3, 64, 10_000]) {
    test(`${name}, in chunks of ${size}, is ${accepted ? 'accepted' : 'refused'}`, () => {
      assert.equal(feed(300, bytes, size), accepted);
    });
  }
}

test('a length is refused before its packet arrives', () => {
  assert.equal(createPacketSizeMeter(300).accept(Uint8Array.from([0x30, 0xff, 0x7f])), false);
});
