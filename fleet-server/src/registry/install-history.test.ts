import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRunning } from './install-history.ts';

const install = (deploymentId: string, sinceMs: number) => ({
  deploymentId,
  digest: deploymentId,
  sinceMs,
  reportedAtMs: sinceMs + 5,
});

test('what ran is the last install at or before the time', () => {
  const installs = [install('a', 100), install('b', 200)];
  assert.equal(findRunning(installs, 99), undefined);
  assert.deepEqual(findRunning(installs, 100), { ...install('a', 100), untilMs: 200 });
  assert.equal(findRunning(installs, 199)?.deploymentId, 'a');
  assert.deepEqual(findRunning(installs, 200), install('b', 200));
  assert.equal(findRunning([], 5), undefined);
});

test('reports that came late stand at their time; of two at once the later told ran', () => {
  assert.equal(findRunning([install('b', 200), install('a', 100)], 150)?.deploymentId, 'a');
  assert.equal(findRunning([install('a', 100), install('b', 100)], 100)?.deploymentId, 'b');
});
