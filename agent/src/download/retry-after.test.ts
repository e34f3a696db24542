import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetryAfterMs } from './retry-after.ts';

const NOW_MS = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
const TABLE: readonly (readonly [header: string | null, pauseMs: number | undefined])[] = [
  [null, undefined],
  ['7', 7000],
  ['0', 0],
  ['999999', 3_600_000],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2026 07:00:00 GMT', 0],
  ['soon', undefined],
];

for (const [header, pauseMs] of TABLE) {
  test(`Retry-After "${header}" asks for ${pauseMs} ms`, () => {
    assert.equal(parseRetryAfterMs(header, NOW_MS), pauseMs);
  });
}
