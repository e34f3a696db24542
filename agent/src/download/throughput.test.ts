import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_THROUGHPUT, observeChunk, type Throughput } from './throughput.ts';

const POLICY = { minBytesPerSec: 1024, windowMs: 60_000 };

const TABLE: readonly (readonly [
  what: string,
  chunk: Throughput,
  minutes: number,
  endsAfter: number | undefined,
])[] = [
  ['a byte every 29 seconds', { bytes: 1, waitedMs: 29_000 }, 10, 3],
  ['half a kibibyte a second', { bytes: 512, waitedMs: 1_000 }, 10, 60],
  ['one kibibyte a second', { bytes: 1024, waitedMs: 1_000 }, 600, undefined],
  ['a slow line that never pauses', { bytes: 16_384, waitedMs: 8_000 }, 600, undefined],
  ['chunks that were there already', { bytes: 65_536, waitedMs: 0 }, 1, undefined],
];

for (const [what, chunk, minutes, endsAfter] of TABLE) {
  test(`${what}: ${endsAfter === undefined ? 'goes on' : `is given up after ${endsAfter} chunks`}`, () => {
    let sum: Throughput | undefined = NO_THROUGHPUT;
    let count = 0;
    const most = chunk.waitedMs === 0 ? 1000 : (minutes * 60_000) / chunk.waitedMs;
    while (sum !== undefined && count < most) {
      sum = observeChunk(sum, chunk, POLICY);
      count += 1;
    }
    assert.equal(sum === undefined ? count : undefined, endsAfter);
  });
}
