const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;

/** Offsets in the header of a 64-bit ELF file, and in an entry of its program header table. */
const HEADER = { class: 4, data: 5, phOffset: 32, shOffset: 40, phSize: 54, phCount: 56, shCount: 60 };
const HEADER_BYTES = 64;
const SEGMENT = { offset: 8, fileSize: 32 };

/**
 * A Linux program without symbol tables and debugging sections: everything after the last segment, which is what
 * a loader reads. The dynamic symbols that native modules link against lie inside a segment. Done here because the
 * `strip` of one architecture does not know the programs of another.
 * @throws Error when it is not a 64-bit little-endian ELF file
 */
export function stripElf(program: Buffer): Buffer {
  const isKnown =
    program.length > HEADER_BYTES &&
    program.readUInt32BE(0) === MAGIC &&
    program[HEADER.class] === CLASS_64 &&
    program[HEADER.data] === LITTLE_ENDIAN;
  if (!isKnown) throw new Error('not a 64-bit little-endian ELF program');
  const table = Number(program.readBigUInt64LE(HEADER.phOffset));
  const entryBytes = program.readUInt16LE(HEADER.phSize);
  const ends = Array.from({ length: program.readUInt16LE(HEADER.phCount) }, (_, index) => {
    const entry = table + index * entryBytes;
    const offset = program.readBigUInt64LE(entry + SEGMENT.offset);
    return Number(offset + program.readBigUInt64LE(entry + SEGMENT.fileSize));
  });
  const stripped = Buffer.from(program.subarray(0, Math.max(HEADER_BYTES, ...ends)));
  stripped.writeBigUInt64LE(0n, HEADER.shOffset);
  // Number of sections and the index of their names: none.
  stripped.writeUInt32LE(0, HEADER.shCount);
  return stripped;
}
