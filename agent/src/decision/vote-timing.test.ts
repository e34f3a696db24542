import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeVoteTiming, type LookPace } from './vote-timing.ts';

const TABLE: readonly (readonly [string, Partial<LookPace>, maxVoteAgeSec: number, lostAfterSec: number])[] =
  [
    ['a usual camera', {}, 30, 300],
    ['a camera that sends one frame in five seconds', { intervalMs: 5_000 }, 50, 300],
    ['a model that looks back far', { window: 100 }, 40, 300],
    ['single looks an hour apart', { lookMs: 3_600_000 }, 30, 3 * 3_600],
  ];
for (const [name, pace, maxVoteAgeSec, lostAfterSec] of TABLE) {
  test(`votes of ${name} count for ${maxVoteAgeSec} s, and what is not looked at for ${lostAfterSec} s is lost`, () => {
    assert.deepEqual(computeVoteTiming({ window: 5, intervalMs: 200, lookMs: 5_000, ...pace }), {
      maxVoteAgeMs: maxVoteAgeSec * 1000,
      lostAfterMs: lostAfterSec * 1000,
    });
  });
}
