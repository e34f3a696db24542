import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RolloutCounts } from '@watchpost/shared/api/rollouts.ts';
import { drawBar } from './rollout-bar.ts';

const NOBODY: RolloutCounts = {
  ...{ total: 0, waiting: 0, inWork: 0, succeeded: 0, failed: 0, rejected: 0, other: 0, restored: 0 },
};
const draw = (counts: Partial<RolloutCounts>): string => drawBar({ ...NOBODY, ...counts }, 10);

test('a bar shares its width among the devices', () => {
  assert.equal(draw({ succeeded: 5, waiting: 5 }), '█████·····');
  assert.equal(draw({ inWork: 3 }), '▒▒▒▒▒▒▒▒▒▒');
  assert.equal(draw({ rejected: 1, other: 1, succeeded: 2 }), '█████-----');
  assert.equal(draw({}), ' '.repeat(10));
});

test('one device that failed among thousands shows, and the width stays', () => {
  assert.equal(draw({ succeeded: 9_999, failed: 1 }), '█████████×');
  assert.equal(draw({ succeeded: 10_000, failed: 1, rejected: 1, inWork: 1, waiting: 1 }), '██████×-▒·');
  assert.equal(draw({ succeeded: 1, failed: 1, waiting: 1 }).length, 10);
  assert.equal(draw({ succeeded: 11, failed: 11, inWork: 11, waiting: 67 }).length, 10);
});
