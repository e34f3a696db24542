import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripElf } from './elf.ts';

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;

/** A program of one segment of 16 bytes, then sections that no loader reads. */
function makeProgram(): Buffer {
  const program = Buffer.alloc(HEADER_BYTES + SEGMENT_BYTES + 16 + 100, 7);
  program.fill(0, 0, HEADER_BYTES + SEGMENT_BYTES);
  program.writeUInt32BE(0x7f454c46, 0);
  program.set([2, 1], 4);
  program.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  program.writeBigUInt64LE(180n, 40);
  program.writeUInt16LE(SEGMENT_BYTES, 54);
  program.writeUInt16LE(1, 56);
  program.writeUInt16LE(9, 60);
  program.writeUInt16LE(8, 62);
  program.writeBigUInt64LE(BigInt(HEADER_BYTES + SEGMENT_BYTES), HEADER_BYTES + 8);
  program.writeBigUInt64LE(16n, HEADER_BYTES + 32);
  return program;
}

test('what lies after the last segment is cut off, and no section is named any more', () => {
  const program = makeProgram();
  const stripped = stripElf(program);
  assert.equal(stripped.length, HEADER_BYTES + SEGMENT_BYTES + 16);
  assert.equal(stripped.readBigUInt64LE(40), 0n);
  assert.equal(stripped.readUInt32LE(60), 0);
  assert.ok(stripped.subarray(HEADER_BYTES).equals(program.subarray(HEADER_BYTES, stripped.length)));
  assert.equal(program.readBigUInt64LE(40), 180n);
});

for (const [what, bytes] of Object.entries({
  'a text': Buffer.from('#!/bin/sh\n'.repeat(10)),
  'a program of 32 bits': Buffer.from(makeProgram().fill(1, 4, 5)),
  'a header cut short': makeProgram().subarray(0, 20),
})) {
  test(`${what} is refused`, () => {
    assert.throws(() => stripElf(bytes), /not a 64-bit little-endian ELF program/);
  });
}
