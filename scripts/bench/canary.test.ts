import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchCanary } from './canary-bench.ts';

test('a rollout of a worse model turns back by itself within its soak, every time', () => {
  const { withinSoak01, why } = benchCanary('bad', { runs: 12, seed: 3 });
  assert.equal(withinSoak01, 1);
  assert.match(why ?? '', /^gate error_rate: /);
});

test('a rollout of an equal model goes on, and the same seed is the same fleet', () => {
  const first = benchCanary('equal', { runs: 3, seed: 3 });
  assert.deepEqual(first, { runs: 3, rolledBack01: 0, withinSoak01: 0 });
  assert.deepEqual(benchCanary('bad', { runs: 1, seed: 8 }), benchCanary('bad', { runs: 1, seed: 8 }));
});
