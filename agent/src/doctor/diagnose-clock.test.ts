import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseClock } from './diagnose-clock.ts';

const NOW_MS = Date.UTC(2027, 0, 1);
const EVIDENCE = { wallMs: NOW_MS, isSynced: true, releasedMs: Date.UTC(2026, 10, 1), lastSeenMs: NOW_MS };

const CASES: readonly (readonly [string, object, number | undefined, readonly string[]])[] = [
  ['it is in step', {}, 400, ['ok', 'ok']],
  ['no server answers', {}, undefined, ['ok']],
  ['no time server is there', { isSynced: false }, undefined, ['warning']],
  ['it is at 1970', { isSynced: false, wallMs: 0 }, NOW_MS, ['problem', 'problem']],
  ['the server is a day ahead', {}, 86_400_000, ['ok', 'problem']],
];
for (const [name, change, aheadMs, verdicts] of CASES) {
  test(`when ${name}, the clock is ${verdicts.join(', ')}`, () =>
    assert.deepEqual(
      diagnoseClock({ ...EVIDENCE, ...change }, aheadMs).map(({ verdict }) => verdict),
      verdicts,
    ));
}

const SPANS: readonly (readonly [number, string])[] = [
  [180_000, '3 minutes behind'],
  [-10_800_000, '3 hours ahead of'],
  [30 * 86_400_000, '30 days behind'],
];
for (const [aheadMs, words] of SPANS) {
  test(`a server ${aheadMs} ms ahead: ${words} it`, () =>
    assert.ok(diagnoseClock(EVIDENCE, aheadMs)[1]?.found.startsWith(words)));
}
